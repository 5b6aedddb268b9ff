import { ZcError } from '@zc/errors';
import type { Sample, Schema } from '@zc/format';
import type { PrefetchReport } from '@zc/io';
import type { Batch } from './batch.js';
import { BatchMemory } from './batch-memory.js';
import { BatchReader } from './batch-reader.js';
import { Dataset, type DatasetOptions, datasetRules, fieldNumbersOf, fitsIn } from './dataset.js';
import { Epoch } from './epoch.js';
import { defaultMaxMemoryBytes } from './memory-budget.js';
import {
  abortSignal,
  checkOptions,
  checkWhole,
  flag,
  names,
  type OptionRules,
  oneOf,
  whole,
} from './options.js';
import { RankShare } from './order/ranks.js';
import { createSequence } from './order/sequence.js';
import { PAGE_BYTES, roundUp } from './pages.js';
import { type LoaderState, parseState } from './state.js';
import { type LoaderStats, StatsCounter } from './stats.js';
import type { ReadMode, Verify } from './way-choice.js';

/** How a loader orders, batches, reads and keeps; each option with its default. */
export interface DataLoaderOptions {
  /** Samples in a batch of this rank; 1. */
  batchSize?: number | undefined;
  /** A new order each epoch; false. */
  shuffle?: boolean | undefined;
  /** What the orders depend on; 0. */
  seed?: number | undefined;
  /** Whether samples that do not fill a batch on every rank are left out; false. */
  dropLast?: boolean | undefined;
  /** Batches that are read ahead; by default 8 MiB of them, from 2 to 16. */
  prefetchBatches?: number | undefined;
  /** By default RANK of the environment when the first iteration begins, or 0. */
  rank?: number | undefined;
  /** By default WORLD_SIZE of the environment when the first iteration begins, or 1. */
  worldSize?: number | undefined;
  /** The fields that batches have; nothing of others is read. All by default. */
  fields?: readonly string[] | undefined;
  /**
   * `auto` (the default) copies what is resident and reads the rest in the way that suits the dataset's size;
   * `direct` reads past the page cache; `copied` through it.
   */
  mode?: ReadMode | undefined;
  /** Memory for batches: those read ahead and those the user keeps. A quarter of `pageCacheBudget`. */
  maxMemoryBytes?: number | undefined;
  /**
   * `detach` (the default): the views of a released batch have length 0. `keep`: they go on showing the slot,
   * whatever comes into it; for those who loop over typed arrays in JavaScript.
   */
  onRelease?: 'detach' | 'keep' | undefined;
  /** See `DatasetOptions.verify`, which is the default. */
  verify?: Verify | undefined;
  /** Ends an iteration: `next()` then fails with ZC_ABORTED. */
  signal?: AbortSignal | undefined;
}

const loaderRules: OptionRules<DataLoaderOptions> = {
  batchSize: whole(1),
  shuffle: flag,
  seed: whole(0),
  dropLast: flag,
  prefetchBatches: whole(1),
  rank: whole(0),
  worldSize: whole(1),
  fields: names,
  mode: oneOf('auto', 'direct', 'copied'),
  maxMemoryBytes: whole(1),
  onRelease: oneOf('detach', 'keep'),
  verify: oneOf('auto', 'always', 'never'),
  signal: abortSignal,
};

/** Read ahead by default: what fits a last-level cache, so that a batch is still in it when it is used. */
const AHEAD_BYTES = 8 * 2 ** 20;
const AHEAD_MIN = 2;
const AHEAD_MAX = 16;

/**
 * An endless row of epochs: each iteration is the next one, also after a `break`.
 *
 * The order is one list for the whole job, a pure function of dataset, seed and epoch; each rank reads its
 * share of it (see `RankShare`). A batch lives until the next one is asked for (see `BatchBase`).
 *
 * @example
 * const loader = new DataLoader(dataset, { batchSize: 64, shuffle: true, seed: 7 });
 * for await (const batch of loader) train(batch.image, batch.label);
 * await loader.close();
 */
export class DataLoader<S extends Schema = Schema> implements AsyncIterable<Batch<S>>, AsyncDisposable {
  readonly dataset: Dataset<S>;
  readonly #options: DataLoaderOptions;
  readonly #batchSize: number;
  readonly #seed: number;
  readonly #shuffle: boolean;
  readonly #depth: number;
  readonly #reader: BatchReader;
  readonly #memory: BatchMemory;
  readonly #stats = new StatsCounter();
  #ownsDataset = false;
  #job: { rank: number; worldSize: number } | undefined;
  /** Where the next iteration begins. */
  #next = { epoch: 0, position: 0 };
  #current: { epoch: number; share: RankShare; start: number; batches: Epoch<S> } | undefined;
  #closed = false;

  /** @throws ZC_ARGUMENT, ZC_FORMAT_CODEC, ZC_CLOSED */
  constructor(dataset: Dataset<S>, options: DataLoaderOptions = {}) {
    const { store, verify: datasetVerify, pageCacheBudget } = Dataset.internals(dataset);
    checkOptions(options, loaderRules);
    const { mode = 'auto', onRelease = 'detach', verify = datasetVerify } = options;
    this.dataset = dataset;
    this.#options = options;
    this.#batchSize = options.batchSize ?? 1;
    this.#seed = options.seed ?? 0;
    this.#shuffle = options.shuffle ?? false;
    const fieldNumbers = fieldNumbersOf(dataset.schema, options.fields);
    const fitsPageCache = fitsIn(pageCacheBudget, store);
    this.#reader = new BatchReader({ store, fieldNumbers, mode, verify, fitsPageCache });
    const slotBytes = this.#expectedBatchBytes();
    const ahead = Math.min(AHEAD_MAX, Math.max(AHEAD_MIN, Math.floor(AHEAD_BYTES / slotBytes)));
    this.#depth = options.prefetchBatches ?? ahead;
    // One more than are read ahead: the one that the user works on.
    const slots = this.#depth + 1;
    const least = 2 * slots * slotBytes;
    const maxMemoryBytes = options.maxMemoryBytes ?? Math.max(least, defaultMaxMemoryBytes(pageCacheBudget));
    this.#memory = new BatchMemory({
      slots,
      slotBytes,
      maxMemoryBytes,
      detach: onRelease === 'detach',
    });
  }

  /** Opens a dataset and a loader for it, which closes it. See `Dataset.open` and the constructor. */
  static async open<S extends Schema = Schema>(
    paths: string | readonly string[],
    options: DataLoaderOptions & DatasetOptions = {},
  ): Promise<DataLoader<S>> {
    checkOptions(options, { ...datasetRules, ...loaderRules });
    const { indexCacheBytes, pageCacheBudget, backend, ...loaderOptions } = options;
    const { verify } = options;
    const dataset = await Dataset.open<S>(paths, { indexCacheBytes, pageCacheBudget, backend, verify });
    try {
      const loader = new DataLoader<S>(dataset, loaderOptions);
      loader.#ownsDataset = true;
      return loader;
    } catch (error) {
      await dataset.close();
      throw error;
    }
  }

  /** Batches of an epoch, the same for every rank. */
  get length(): number {
    return this.#shareFrom(0).batches;
  }

  /**
   * Begins the next epoch, or goes on where a loaded state says. An iteration of this loader that is still
   * under way ends: whoever asks it for another batch is told by ZC_SUPERSEDED.
   *
   * @throws ZC_CLOSED, ZC_RANK_CHANGED
   */
  [Symbol.asyncIterator](): AsyncIterator<Batch<S>, undefined> {
    if (this.#closed) throw new ZcError('ZC_CLOSED', 'the loader is closed');
    this.#current?.batches.supersede();
    const { epoch, position: start } = this.#next;
    const share = this.#shareFrom(start);
    const options = { samples: this.dataset.length, shuffle: this.#shuffle, seed: this.#seed, epoch };
    const sequence = createSequence(options);
    const batches = new Epoch<S>({
      reader: this.#reader,
      memory: this.#memory,
      cache: Dataset.internals(this.dataset).store.cache,
      batches: share.batches,
      idsOf(batch) {
        const ids = new Float64Array(share.batchLength(batch));
        share.fill(ids, batch, sequence);
        return ids;
      },
      labelOf: (batch) => `batch ${batch} of epoch ${epoch}`,
      depth: this.#depth,
      stats: this.#stats,
      signal: this.#options.signal,
    });
    this.#current = { epoch, share, start, batches };
    this.#next = { epoch: epoch + 1, position: 0 };
    return batches;
  }

  /** Makes the next iteration that of another epoch, from its beginning. */
  setEpoch(epoch: number): void {
    this.#next = { epoch: checkWhole('epoch', epoch, 0), position: 0 };
    if (this.#current?.batches.ended) this.#current = undefined;
  }

  /**
   * Where the job stands: behind the batch that the user was given last, whatever was read ahead.
   *
   * Within an iteration, or after a `break`, that is a position in its epoch; after its end the next epoch.
   */
  stateDict(): LoaderState {
    const { dataset } = this;
    const identity = {
      version: 1,
      dataset: dataset.digest,
      seed: this.#seed,
      shuffle: this.#shuffle,
    } as const;
    const current = this.#current;
    if (current === undefined || current.batches.finished) return { ...identity, ...this.#next };
    const { epoch, share, start, batches } = current;
    const position = batches.yielded === 0 ? start : share.positionAfter(batches.yielded - 1);
    return { ...identity, epoch, position };
  }

  /**
   * Makes the next iteration go on where a state was taken. Batch size, rank and world size may be others.
   *
   * @throws ZC_STATE_MISMATCH naming what differs
   */
  loadStateDict(state: LoaderState): void {
    const identity = { dataset: this.dataset.digest, seed: this.#seed, shuffle: this.#shuffle };
    const { epoch, position } = parseState(state, identity);
    void this.#current?.batches.return();
    this.#current = undefined;
    this.#next = { epoch, position };
  }

  /** Counters since the loader was made. */
  stats(): LoaderStats {
    return this.#stats.snapshot();
  }

  /** See `Dataset.get`. */
  getSample(index: number): Sample<S> {
    return this.dataset.get(index);
  }

  /** See `Dataset.getBatch`. */
  getBatch(indices: ArrayLike<number>): Promise<Batch<S>> {
    return this.dataset.getBatch(indices, { signal: this.#options.signal, fields: this.#options.fields });
  }

  /** See `Dataset.prefetchNext`. */
  prefetchNext(count: number): void {
    this.dataset.prefetchNext(count);
  }

  /** See `Dataset.waitPrefetch`. */
  waitPrefetch(): Promise<PrefetchReport> {
    return this.dataset.waitPrefetch();
  }

  /** Ends the iteration and its reads, and the dataset too where `DataLoader.open` opened it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#current?.batches.return();
    this.#memory.close();
    if (this.#ownsDataset) await this.dataset.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #shareFrom(start: number): RankShare {
    const { rank, worldSize } = this.#settledJob();
    return new RankShare({
      samples: this.dataset.length,
      batchSize: this.#batchSize,
      rank,
      worldSize,
      dropLast: this.#options.dropLast ?? false,
      start,
    });
  }

  /** Rank and world size, the same from the first time on that they are needed. */
  #settledJob(): { rank: number; worldSize: number } {
    const rank = this.#options.rank ?? Number(process.env.RANK ?? 0);
    const worldSize = this.#options.worldSize ?? Number(process.env.WORLD_SIZE ?? 1);
    checkWhole('worldSize', worldSize, 1);
    checkWhole('rank', rank, 0);
    if (rank >= worldSize) {
      throw new ZcError('ZC_ARGUMENT', `rank ${rank} is not below the world size of ${worldSize}`);
    }
    this.#job ??= { rank, worldSize };
    if (this.#job.rank === rank && this.#job.worldSize === worldSize) return this.#job;
    throw new ZcError(
      'ZC_RANK_CHANGED',
      `this loader is rank ${this.#job.rank} of ${this.#job.worldSize}, and the environment now says ${rank} of ${worldSize}`,
      { expected: this.#job, actual: { rank, worldSize } },
    );
  }

  /** Exact for fixed fields; of variable ones twice what the files' sizes say. */
  #expectedBatchBytes(): number {
    const { shards, length } = this.dataset;
    const { plans } = this.#reader;
    const samples = Math.min(this.#batchSize, length);
    const fixed = plans.reduce((sum, { rowBytes }) => sum + roundUp(rowBytes * samples, PAGE_BYTES), 0);
    const total = shards.reduce((sum, { bytes }) => sum + bytes, 0);
    const isVariable = plans.some((plan) => !plan.fixed);
    const variable = isVariable ? (2 * total * samples) / Math.max(1, length) : 0;
    return roundUp(fixed + variable + samples * 8, PAGE_BYTES);
  }
}
