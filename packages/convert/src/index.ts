export type { BadRowOptions, SkippedRow } from './bad-rows.js';
export { openDatasetWriter } from './dataset-writer.js';
export { type AppendOptions, type AppendReport, appendToDataset } from './datasets/append.js';
export { type DatasetDiff, type DiffOptions, diffDatasets } from './datasets/diff.js';
export { type HeadOptions, headOfDataset } from './datasets/head.js';
export { type MergeOptions, mergeDatasets } from './datasets/merge.js';
export type { PartCounts } from './datasets/partition.js';
export type { DatasetProgress, DatasetWork } from './datasets/progress.js';
export type { DatasetReport } from './datasets/report.js';
export { type Codec, type ReshardOptions, reshardDataset } from './datasets/reshard.js';
export { type SplitOptions, type SplitReport, splitDataset } from './datasets/split.js';
export { type DatasetStats, datasetStats, type FieldStats, type StatsOptions } from './datasets/stats.js';
export { fastDigests } from './digests.js';
export { directSink } from './direct-sink.js';
export {
  type ExportOptions,
  type ExportProgress,
  type ExportReport,
  type ExportStart,
  exportDataset,
} from './export.js';
export { type InferOptions, infer, sourceNames } from './infer.js';
export { type ConvertLimitName, convertLimits } from './limits.js';
export { pack, preview } from './pack.js';
export type { PackOptions, PackPlan, PackProgress, PackReport } from './pack-options.js';
export { type SinkName, sinkNames } from './sinks/sample-sink.js';
export type { BadRow, OpenedSource, SourceOptions, SourceRow } from './sources/sample-source.js';
export type { StepOptions } from './step-options.js';
export type { StepResult, StepRow, StepSample } from './steps/step.js';
export type { MapFunction, MapModule } from './steps/user-map.js';
