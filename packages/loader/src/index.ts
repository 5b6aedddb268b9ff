export {
  type Batch,
  BatchBase,
  type BatchFields,
  type BatchSlot,
  type BatchWay,
} from './batches/batch.js';
export type { BatchLayout, FieldSpan, VariableSpan } from './batches/batch-layout.js';
export {
  type Column,
  PackedColumn,
  type PaddedColumn,
  type TensorColumn,
  ValuesColumn,
} from './batches/columns.js';
export type { Loaded, LoadedBatch } from './batches/loaded-batch.js';
export { type MappedBatch, MappedBatchBase, type MappedFields } from './batches/mapped-batch.js';
export type { PadFields, PadOptions } from './batches/padding.js';
export { DataLoader, type OpenOptions } from './data-loader.js';
export type { DataLoaderOptions } from './loader-options.js';
export type { BlockShuffle, Shuffle, ShuffleKind } from './order/shuffle.js';
export type { BatchSampler, Sampler, SamplerExtras } from './passes/sampler.js';
export type { LoaderState } from './passes/state.js';
export type { OnCorrupt, SkippedSamples } from './reading/corrupt-rows.js';
export type { ReadMode, Verify } from './reading/way-choice.js';
export type { ShardInfo } from './shards/shard-store.js';
export { Dataset, type DatasetOptions } from './sources/dataset.js';
export { type Ingredient, type MixOptions, Mixture, mix } from './sources/mixture.js';
export { type FilterOptions, IndexedSource, Selection, type SplitOptions } from './sources/selection.js';
export { Source } from './sources/source.js';
export { Weighted, type WeightedOptions } from './sources/weighted.js';
export type { BatchEvent, LoaderCounts, LoaderStats } from './stats/stats.js';
export { type Bottleneck, type Verdict, type VerdictOptions, verdictOf } from './stats/verdict.js';
export {
  centerCrop,
  channelsFirst,
  normalize,
  pad,
  type RandomOptions,
  randomCrop,
  randomHorizontalFlip,
  type Size,
  type Transform,
  type TransformFields,
  toFloat,
} from './transforms/built-in.js';
export type { TransformBatch, TransformOutputs } from './transforms/transform-batch.js';
export type { TransformFunction, TransformModule } from './transforms/user-module.js';
export type { UserTransform } from './transforms/user-transform.js';
export type { WindowOptions } from './windows/options.js';
export { TokenWindows, type WindowSchema } from './windows/token-windows.js';
