import { type PadFields, padFields } from './batches/padding.js';
import { abortSignal, callback, flag, names, type OptionRules, oneOf, whole } from './options.js';
import { type Shuffle, shuffleKind } from './order/shuffle.js';
import { type BatchSampler, idSource, type Sampler } from './passes/sampler.js';
import { type OnCorrupt, onCorrupt } from './reading/corrupt-rows.js';
import type { ReadMode, Verify } from './reading/way-choice.js';
import { type TransformFields, transformFields } from './transforms/built-in.js';
import { type UserTransform, userTransform } from './transforms/user-transform.js';

/** How a loader orders, batches, reads and keeps; each option with its default. */
export interface DataLoaderOptions {
  /** Samples in a batch of this rank; 1. */
  batchSize?: number | undefined;
  /**
   * A new order each epoch; false. `true` is `'full'`: every order is equally likely. `{ blocks, window }` reads
   * whole blocks of so many bytes, and shuffles inside windows of so many samples: for what a disk reads much
   * faster in sequence.
   */
  shuffle?: Shuffle | undefined;
  /** What the orders depend on; 0. */
  seed?: number | undefined;
  /**
   * Which samples this rank reads, in which order, in the place of `shuffle`: any iterable or async iterable of
   * the numbers of samples, gone over once an epoch. It is asked ahead of time; see `Sampler`.
   */
  sampler?: Sampler | undefined;
  /** The same, a list of numbers for each batch; in the place of `batchSize` and `dropLast` too. */
  batchSampler?: BatchSampler | undefined;
  /** Whether samples that do not fill a batch on every rank are left out; false. */
  dropLast?: boolean | undefined;
  /**
   * Batches that are read ahead. By default of warm data 8 MiB, from 2 to 16 batches; of cold data as many as the
   * consumer uses up while one is read, up to 64 MiB, 64 batches and half of `maxMemoryBytes`.
   */
  prefetchBatches?: number | undefined;
  /** By default RANK of the environment when the first iteration begins, or 0. */
  rank?: number | undefined;
  /** By default WORLD_SIZE of the environment when the first iteration begins, or 1. */
  worldSize?: number | undefined;
  /** The fields that batches have; nothing of others is read. All by default. */
  fields?: readonly string[] | undefined;
  /**
   * `auto` (the default) copies what is resident and reads the rest in the way that suits the dataset's size;
   * `direct` reads past the page cache; `copied` through it. `mapped` copies nothing: of each field batches have an
   * array of single values, views of the files that are asked for ahead (see `MappedBatchBase`).
   */
  mode?: ReadMode | 'mapped' | undefined;
  /** Memory for batches: those read ahead and those the user keeps. A quarter of `pageCacheBudget`. */
  maxMemoryBytes?: number | undefined;
  /**
   * `detach` (the default): the views of a released batch have length 0. `keep`: they go on showing the slot,
   * whatever comes into it; for those who loop over typed arrays in JavaScript.
   */
  onRelease?: 'detach' | 'keep' | undefined;
  /** See `DatasetOptions.verify`, which is the default. */
  verify?: Verify | undefined;
  /** Ragged fields that come as one tensor of equally long rows; the others are packed back to back. */
  pad?: PadFields | undefined;
  /** What is done to each sample of a field, natively: see `normalize`, `randomCrop` and the others. */
  transforms?: TransformFields | undefined;
  /**
   * What is done to each batch besides, after `transforms`. The URL of a module runs in worker threads that share
   * the batch's memory; a function runs on the main thread, and holds up everything else there.
   */
  transform?: UserTransform | undefined;
  /** Worker threads for `transform`; by default one fewer than there are cores, at most 8. */
  workers?: number | undefined;
  /**
   * Makes of each batch what the iteration gives instead, on the main thread, when the batch is asked for. Views of
   * the batch that it passes on live as the batch does: until the next one is asked for, unless it is retained.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the batch has the types of the source, which options do not know.
  collate?: ((batch: any) => unknown) | undefined;
  /**
   * What is done about a row that cannot be read or is not what was written: `throw` (the default) ends the
   * iteration; `skip` leaves it out of its batch, which gets shorter, down to a length of 0. A function does that
   * too, and is told when the batch is handed out.
   */
  onCorrupt?: OnCorrupt | undefined;
  /** Ends an iteration: `next()` then fails with ZC_ABORTED. */
  signal?: AbortSignal | undefined;
}

export const loaderRules: OptionRules<DataLoaderOptions> = {
  batchSize: whole(1),
  shuffle: shuffleKind,
  seed: whole(0),
  sampler: idSource,
  batchSampler: idSource,
  dropLast: flag,
  prefetchBatches: whole(1),
  rank: whole(0),
  worldSize: whole(1),
  fields: names,
  mode: oneOf('auto', 'direct', 'copied', 'mapped'),
  maxMemoryBytes: whole(1),
  onRelease: oneOf('detach', 'keep'),
  verify: oneOf('auto', 'always', 'never'),
  pad: padFields,
  transforms: transformFields,
  transform: userTransform,
  workers: whole(1),
  collate: callback,
  onCorrupt,
  signal: abortSignal,
};
