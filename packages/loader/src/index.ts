export {
  type Batch,
  BatchBase,
  type BatchFields,
  type BatchSlot,
  type BatchWay,
} from './batch.js';
export type { BatchLayout, FieldSpan, VariableSpan } from './batch-layout.js';
export { type Column, PackedColumn, type PaddedColumn, type TensorColumn, ValuesColumn } from './columns.js';
export type { OnCorrupt, SkippedSamples } from './corrupt-rows.js';
export { DataLoader, type OpenOptions } from './data-loader.js';
export { Dataset, type DatasetOptions } from './dataset.js';
export type { Loaded, LoadedBatch } from './loaded-batch.js';
export type { DataLoaderOptions } from './loader-options.js';
export { type Ingredient, type MixOptions, Mixture, mix } from './mixture.js';
export type { BlockShuffle, Shuffle, ShuffleKind } from './order/shuffle.js';
export type { PadFields, PadOptions } from './padding.js';
export type { BatchSampler, Sampler, SamplerExtras } from './sampler.js';
export { type FilterOptions, IndexedSource, Selection, type SplitOptions } from './selection.js';
export type { ShardInfo } from './shard-store.js';
export { Source } from './source.js';
export type { LoaderState } from './state.js';
export type { BatchEvent, LoaderCounts, LoaderStats } from './stats.js';
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
export { type Bottleneck, type Verdict, type VerdictOptions, verdictOf } from './verdict.js';
export type { ReadMode, Verify } from './way-choice.js';
export { Weighted, type WeightedOptions } from './weighted.js';
export type { WindowOptions } from './windows/options.js';
export { TokenWindows, type WindowSchema } from './windows/token-windows.js';
