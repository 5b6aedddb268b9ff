import { ZcError } from '@zc/errors';
import type { Sample, Schema } from '@zc/format';
import { IoUringPrefetcher, type PrefetchReport, type ReadEngineOptions } from '@zc/io';
import { type Batch, makeBatch } from '../batches/batch.js';
import { type BatchMaker, NOT_RANDOM, plainMaker } from '../batches/batch-maker.js';
import { BatchMemory } from '../batches/batch-memory.js';
import { defaultMaxMemoryBytes, defaultPageCacheBudget } from '../batches/memory-budget.js';
import { checkOptions, checkWhole, type OptionRules, oneOf, whole } from '../options.js';
import { BatchQueue } from '../passes/batch-queue.js';
import { EXTENT_RULES } from '../reading/plan-writer.js';
import { shardOf } from '../reading/sorted-ids.js';
import type { Verify } from '../reading/way-choice.js';
import { EngineFiles } from '../shards/engine-files.js';
import { RowValues } from '../shards/row-values.js';
import { type ShardInfo, ShardStore } from '../shards/shard-store.js';
import type { WindowOptions } from '../windows/options.js';
import { TokenWindows, type WindowSchema } from '../windows/token-windows.js';
import { digestOf, findShards } from './dataset-files.js';
import { DatasetRows, fieldNumbersOf } from './dataset-rows.js';
import { IndexedSource, indexedParts } from './selection.js';
import { type IndexedParts, sourceParts } from './source.js';

/** How a dataset is read and checked; each option with its default. */
export interface DatasetOptions {
  /** Memory for tables and small fields; 256 MiB. */
  indexCacheBytes?: number | undefined;
  /**
   * How much of the page cache the dataset may count on: one that fits is read through it, of another one only
   * the device's way is taken. Half of the available memory.
   */
  pageCacheBudget?: number | undefined;
  /**
   * `auto` (the default) checks a row whenever it comes from the device, and a resident one once; `always`
   * checks it each time it is read; `never` never.
   */
  verify?: Verify | undefined;
  /** What reads batches; io_uring where it is to be had, by default. */
  backend?: ReadEngineOptions['backend'] | undefined;
  /** Reads in flight at once, where io_uring reads; by default as many as make the device faster. */
  readDepth?: number | undefined;
  /** Reads of neighbouring rows are merged up to this size; 1 MiB. */
  extentBytes?: number | undefined;
  /** How many bytes that nobody asked for may be read along where that joins two reads of short rows; 32 KiB. */
  bridgedBytes?: number | undefined;
}

export const datasetRules: OptionRules<DatasetOptions> = {
  indexCacheBytes: whole(0),
  pageCacheBudget: whole(0),
  verify: oneOf('auto', 'always', 'never'),
  backend: oneOf('auto', 'io_uring', 'threads'),
  readDepth: whole(1),
  extentBytes: whole(4096),
  bridgedBytes: whole(0),
};

const DEFAULT_INDEX_CACHE_BYTES = 256 * 2 ** 20;
/** Slots that `getBatch` begins with: one that is in use, and one that is being read. */
const BATCH_SLOTS = 2;

/**
 * Shards as one list of samples, read at random.
 *
 * Opening a directory reads its `dataset.json`; a shard is opened and checked when it is first touched. The
 * samples of `get` are views of the mapped files: they stay valid for as long as they are held, also when the
 * dataset is closed. Writing to them is seen by nobody but this process, and is never saved.
 *
 * @example
 * const dataset = await Dataset.open('data/train');
 * dataset.get(17).image.data;
 */
export class Dataset<S extends Schema = Schema>
  extends IndexedSource<S>
  implements Disposable, AsyncDisposable
{
  readonly schema: S;
  /** Identifies the samples and their order: equal for the same shards, wherever they lie. */
  readonly digest: string;
  readonly #store: ShardStore;
  readonly #rows: DatasetRows;
  readonly #values: RowValues;
  readonly #makers = new Map<string, BatchMaker>();
  readonly #memory: BatchMemory;
  #prefetcher: IoUringPrefetcher | undefined;
  /** The shard of the sample that was asked for last. */
  #lastShard = -1;

  /**
   * @param paths a dataset's directory, a shard, or a list of shards
   * @throws ZC_IO_OPEN, ZC_FORMAT_MANIFEST, ZC_FORMAT_SCHEMA, ZC_ARGUMENT; for a list what opening a shard throws
   */
  static async open<S extends Schema = Schema>(
    paths: string | readonly string[],
    options: DatasetOptions = {},
  ): Promise<Dataset<S>> {
    checkOptions(options, datasetRules);
    const { indexCacheBytes = DEFAULT_INDEX_CACHE_BYTES, verify = 'auto', backend = 'auto' } = options;
    const { pageCacheBudget = defaultPageCacheBudget(), readDepth } = options;
    const { extentBytes = EXTENT_RULES.extentBytes, bridgedBytes = EXTENT_RULES.bridgedBytes } = options;
    const files = new EngineFiles({ backend, ...(readDepth !== undefined && { depth: readDepth }) });
    try {
      const { schema, shards } = await findShards(paths, files);
      const store = new ShardStore({
        ...{ shards, schema, indexCacheBytes, files },
        verify: verify !== 'never',
        rules: { extentBytes, bridgedBytes },
      });
      return new Dataset<S>(store, { verify, pageCacheBudget });
    } catch (error) {
      await files.close();
      throw error;
    }
  }

  private constructor(
    store: ShardStore,
    { verify, pageCacheBudget }: { verify: Verify; pageCacheBudget: number },
  ) {
    super();
    this.schema = store.schema as S;
    this.digest = digestOf(store.infos);
    this.#store = store;
    this.#rows = new DatasetRows({ store, verify, pageCacheBudget, dataset: this });
    this.#values = new RowValues({ cache: store.cache, verify, brought: false });
    const maxMemoryBytes = defaultMaxMemoryBytes(pageCacheBudget);
    this.#memory = new BatchMemory({ slots: BATCH_SLOTS, slotBytes: 0, maxMemoryBytes, detach: true });
  }

  /** How many samples there are. */
  get length(): number {
    return this.#store.samples;
  }

  get shards(): readonly ShardInfo[] {
    return this.#store.infos;
  }

  /**
   * One sample, at once: tensors and bytes are views of the mapped file, texts, JSON and scalars are fresh.
   *
   * It blocks where something has to be read: the first sample of a shard for its head, footer and tables, any
   * sample for its own bytes, which are checked the first time. Of resident rows it takes microseconds.
   *
   * @throws ZC_INDEX_RANGE, ZC_FORMAT_CHECKSUM, ZC_FORMAT_…, ZC_IO_OPEN, ZC_IO_POISONED, ZC_CLOSED
   */
  get(index: number): Sample<S> {
    const { firstSamples } = this.#store;
    this.#checkIndex(index);
    const number = shardOf(index, firstSamples);
    const { bytes: file, columns } = this.#store.openNow(number);
    this.#lastShard = number;
    file.check();
    const row = index - firstSamples[number]!;
    const sample: Record<string, unknown> = {};
    for (const column of columns) sample[column.layout.field.name] = this.#values.at(column, row, file);
    return sample as Sample<S>;
  }

  /** The same as `get`. */
  getSample(index: number): Sample<S> {
    return this.get(index);
  }

  /**
   * Some samples as one batch, in the order of their ids, which may repeat. Release it, or let it be collected.
   *
   * @throws ZC_INDEX_RANGE, ZC_ARGUMENT, ZC_MEMORY_BUDGET, ZC_FORMAT_…, ZC_IO_…, ZC_ABORTED, ZC_CLOSED
   */
  async getBatch(
    indices: ArrayLike<number>,
    { signal, fields }: { signal?: AbortSignal | undefined; fields?: readonly string[] | undefined } = {},
  ): Promise<Batch<S>> {
    this.#store.checkOpen();
    const ids = Float64Array.from(indices);
    for (const id of ids) this.#checkIndex(id);
    if (ids.length > 0) this.#lastShard = shardOf(ids.at(-1)!, this.#store.firstSamples);
    const queue = new BatchQueue({
      maker: this.#makerFor(fields),
      memory: this.#memory,
      cache: this.#store.cache,
      batches: 1,
      idsOf: () => ids,
      ...NOT_RANDOM,
      labelOf: () => `getBatch of ${ids.length} samples`,
      depth: { batches: 1 },
      signal,
    });
    return makeBatch<S>((await queue.next())!);
  }

  /**
   * The documents of a token field as one stream, in windows of equal length: what a language model is trained
   * on. Reads the footer of each shard, and with `crossDocuments` false its table of documents.
   *
   * @throws ZC_ARGUMENT naming the option, or what the field would have to be; what opening a shard throws
   * @example
   * const windows = await dataset.windows({ field: 'tokens', length: 1025, stride: 1024 });
   * const loader = new DataLoader(windows, { batchSize: 16, shuffle: true });
   */
  async windows<const O extends WindowOptions>(options: O): Promise<TokenWindows<WindowSchema<S, O>>> {
    return TokenWindows.open(this, options);
  }

  /**
   * Begins to bring the next `count` shards, behind that of the sample asked for last, into the page cache.
   * Returns at once; `waitPrefetch` tells what came of it.
   *
   * @throws ZC_ARGUMENT, ZC_CLOSED
   */
  prefetchNext(count: number): void {
    checkWhole('count', count, 0);
    this.#prefetcher ??= new IoUringPrefetcher(this.#store.files.engine);
    const first = this.#lastShard + 1;
    for (const { path } of this.#store.infos.slice(first, first + count)) this.#prefetcher.prefetch(path);
  }

  /** Waits for all that `prefetchNext` began: how many bytes came, and an error for each shard that could not be read. */
  async waitPrefetch(): Promise<PrefetchReport> {
    return this.#prefetcher?.wait() ?? { bytes: 0, failures: [] };
  }

  /** Ends what is in flight and lets the files go. Samples and batches that are held stay valid. */
  async close(): Promise<void> {
    this.#memory.close();
    await this.#store.close();
  }

  [Symbol.dispose](): void {
    void this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [sourceParts](): IndexedParts {
    return indexedParts(this.#rows, this.#rows.length, () => {});
  }

  #makerFor(fields: readonly string[] | undefined): BatchMaker {
    const key = fieldNumbersOf(this.schema, fields).join();
    let maker = this.#makers.get(key);
    if (maker === undefined) {
      maker = plainMaker(this.#rows, fields);
      this.#makers.set(key, maker);
    }
    return maker;
  }

  #checkIndex(index: number): void {
    if (Number.isInteger(index) && index >= 0 && index < this.length) return;
    throw new ZcError('ZC_INDEX_RANGE', `there is no sample ${index} in a dataset of ${this.length}`, {
      expected: this.length,
      actual: index,
    });
  }
}
