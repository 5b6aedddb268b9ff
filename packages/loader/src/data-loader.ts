import { ZcError } from '@zc/errors';
import type { Sample, Schema } from '@zc/format';
import type { PrefetchReport } from '@zc/io';
import type { Batch } from './batches/batch.js';
import type { Loaded } from './batches/loaded-batch.js';
import { type DataLoaderOptions, loaderRules } from './loader-options.js';
import { checkOptions, checkWhole } from './options.js';
import { RankShare } from './order/ranks.js';
import type { Sequence } from './order/sequence.js';
import { kindOf } from './order/shuffle.js';
import { type BatchSource, batchSourceOf } from './passes/batch-source.js';
import { Epoch } from './passes/epoch.js';
import { type BegunEpoch, EpochAhead, type EpochPlace } from './passes/epoch-ahead.js';
import { SettledShare } from './passes/job-share.js';
import { ListedPass, type Pass } from './passes/pass.js';
import { SampledPass } from './passes/sampled-pass.js';
import { batchesOf, type Sampling, samplingOf } from './passes/sampler.js';
import { type LoaderIdentity, type LoaderState, parseState } from './passes/state.js';
import { BlockReadAhead, runReaderFor } from './reading/block-read-ahead.js';
import type { RunReader } from './shards/run-reader.js';
import { Dataset, type DatasetOptions, datasetRules } from './sources/dataset.js';
import { partsOf, type Source, type SourceParts } from './sources/source.js';
import { type BatchEvent, type LoaderCounts, type LoaderStats, StatsCounter } from './stats/stats.js';
import { RowDraws } from './transforms/row-draws.js';
import { type WindowOptions, windowOptions } from './windows/options.js';

/** What `DataLoader.open` takes. */
export interface OpenOptions extends DataLoaderOptions, DatasetOptions {
  /** See `Dataset.windows`. */
  windows?: WindowOptions | undefined;
}

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
export class DataLoader<S extends Schema = Schema, const O extends DataLoaderOptions = DataLoaderOptions>
  implements AsyncIterable<Loaded<S, O>>, AsyncDisposable
{
  /** What it draws from. */
  readonly source: Source<S>;
  readonly #parts: SourceParts;
  readonly #options: DataLoaderOptions;
  readonly #batchSize: number;
  readonly #batches: BatchSource;
  readonly #share: SettledShare;
  readonly #stats = new StatsCounter();
  /** Closed with the loader. */
  #owned: Dataset<S> | undefined;
  readonly #sampling: Sampling | undefined;
  readonly #runReader: RunReader | undefined;
  /** Where the next iteration begins. */
  #next: EpochPlace = { epoch: 0, position: 0 };
  #current: BegunEpoch | undefined;
  readonly #ahead = new EpochAhead();
  #iterations = 0;
  #closed = false;

  /** @throws ZC_ARGUMENT, ZC_FORMAT_CODEC, ZC_CLOSED */
  constructor(source: Source<S>, options: O = {} as O) {
    this.#parts = partsOf(source);
    checkOptions(options, loaderRules);
    const { rows } = this.#parts;
    this.source = source;
    this.#options = options;
    this.#batchSize = options.batchSize ?? options.batchSampler?.batchSize ?? 1;
    this.#share = new SettledShare(options);
    this.#sampling = samplingOf(options);
    this.#runReader = runReaderFor(this.#parts, this.#identity, options);
    this.#batches = batchSourceOf(rows, options, this.#runReader !== undefined);
  }

  /**
   * Opens a dataset and a loader for it, or for windows over its tokens, which closes it. See `Dataset.open` and
   * the constructor.
   */
  static async open<S extends Schema = Schema, const O extends OpenOptions = OpenOptions>(
    paths: string | readonly string[],
    options: O = {} as O,
  ): Promise<DataLoader<S, O>> {
    checkOptions<OpenOptions>(options, { ...datasetRules, ...loaderRules, windows: windowOptions });
    const { windows } = options;
    const dataset = await Dataset.open<S>(paths, namedIn(datasetRules, options));
    try {
      const source = windows === undefined ? dataset : await dataset.windows(windows);
      const loader = new DataLoader<S, O>(source as Source<S>, namedIn(loaderRules, options) as O);
      loader.#owned = dataset;
      return loader;
    } catch (error) {
      await dataset.close();
      throw error;
    }
  }

  /**
   * Batches of an epoch, the same for every rank.
   *
   * @throws ZC_ARGUMENT where only a sampler of the user's own could tell, and does not
   */
  get length(): number {
    return this.#sampling === undefined ? this.#shareFrom(0).batches : batchesOf(this.#sampling);
  }

  /**
   * Begins the next epoch, or goes on where a loaded state says. An iteration of this loader that is still
   * under way ends: whoever asks it for another batch is told by ZC_SUPERSEDED.
   *
   * @throws ZC_CLOSED, ZC_RANK_CHANGED
   */
  [Symbol.asyncIterator](): AsyncIterator<Loaded<S, O>, undefined> {
    if (this.#closed) throw closedError();
    void this.#current?.batches.endFor(superseded('a newer iteration of this loader has begun'));
    // What was read ahead is this share's: one that has changed is an error all the same.
    if (this.#sampling === undefined) this.#share.get();
    const begun = this.#ahead.take(this.#next) ?? this.#beginEpoch();
    this.#current = begun;
    this.#next = { epoch: begun.epoch + 1, position: 0 };
    this.#iterations++;
    return begun.batches as AsyncIterator<Loaded<S, O>, undefined>;
  }

  /**
   * The samples' numbers of the next iteration's batches, in turn; reads nothing, and leaves the loader where it is.
   *
   * The ids are those that `batch.indices` would have, from where the next iteration would begin (see `setEpoch` and
   * `loadStateDict`) to the end of that epoch. Each array is new, and the caller's. What is done with the loader
   * meanwhile does not change an order that was asked for.
   *
   * @throws ZC_CLOSED, ZC_RANK_CHANGED; ZC_ARGUMENT where a sampler of the user's own gives the order
   * @example
   * loader.setEpoch(3);
   * for (const ids of loader.order()) console.log(ids.length, ids[0]);
   */
  order(): Generator<Float64Array, undefined> {
    if (this.#closed) throw closedError();
    if (this.#sampling === undefined) return this.#listPass().pass.list();
    throw new ZcError('ZC_ARGUMENT', 'a sampler of your own gives the order of this loader', {
      advice: 'Ask the sampler: only it knows which samples come next.',
    });
  }

  /** Makes the next iteration that of another epoch, from its beginning. */
  setEpoch(epoch: number): void {
    this.#next = { epoch: checkWhole('epoch', epoch, 0), position: 0 };
    this.#ahead.keepFor(this.#next);
    if (this.#current?.batches.ended) this.#current = undefined;
  }

  /**
   * Where the job stands: behind the batch that the user was given last, whatever was read ahead.
   *
   * Within an iteration, or after a `break`, that is a position in its epoch; once its last batch was given, the
   * next epoch. Of plain JSON, and the same on every rank, but for what a sampler of the user's own puts in it.
   */
  stateDict(): LoaderState {
    const next = this.#sampling === undefined ? this.#next : { sampler: null, ...this.#next };
    const current = this.#current;
    if (current === undefined || current.batches.finished) return { ...this.#identity, ...next };
    const { epoch, pass, batches } = current;
    const place = pass.placeAfter(batches.yielded);
    return { ...this.#identity, ...(place === undefined ? next : { epoch, ...place }) };
  }

  /**
   * Makes the next iteration go on where a state was taken. Batch size, rank and world size may be others.
   *
   * @throws ZC_STATE_MISMATCH naming what differs
   */
  loadStateDict(state: LoaderState): void {
    const owner = { identity: this.#identity, isSampled: this.#sampling !== undefined };
    const { epoch, position, sampler } = parseState(state, owner);
    void this.#current?.batches.endFor(superseded('a state was loaded into this loader'));
    this.#current = undefined;
    this.#next = sampler === undefined ? { epoch, position } : { epoch, position, sampler };
    this.#ahead.keepFor(this.#next);
  }

  /**
   * The dataset that the samples' numbers belong to.
   *
   * @throws ZC_ARGUMENT where there are several
   */
  get dataset(): Dataset<S> {
    const { dataset } = this.#parts.rows;
    if (dataset !== undefined) return dataset as Dataset<S>;
    throw new ZcError('ZC_ARGUMENT', 'this loader draws from several datasets', {
      advice: 'Ask the dataset that you mean; `loader.source` is what the loader draws from.',
    });
  }

  /** What was done since an earlier snapshot, or since the loader was made, and what held it up. */
  stats(since?: LoaderCounts): LoaderStats {
    return this.#stats.snapshot(this.#parts.rows.store.files.helpers, since);
  }

  /**
   * Tells of each batch as it is handed out, before the consumer has it; `next()` fails with what a listener
   * throws. Costs nothing while nobody listens.
   */
  on(event: 'batch', listener: (batch: BatchEvent) => void): this {
    this.#stats.events.on(event, listener);
    return this;
  }

  off(event: 'batch', listener: (batch: BatchEvent) => void): this {
    this.#stats.events.off(event, listener);
    return this;
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
    // First, for the end of an iteration waits for its batches.
    await this.#batches.stop();
    await this.#ahead.drop();
    await this.#current?.batches.endFor(new ZcError('ZC_CLOSED', 'the loader was closed'));
    this.#batches.close();
    await this.#owned?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #identity(): LoaderIdentity {
    const { seed = 0, shuffle = false } = this.#options;
    return { version: 1, dataset: this.source.digest, seed, shuffle: kindOf(shuffle) };
  }

  #beginEpoch(): BegunEpoch {
    const { epoch, pass } = this.#beginPass();
    const batches: Epoch = new Epoch({
      batches: pass.batches,
      queue: (signal) =>
        this.#batches.queue({
          batches: pass.batches,
          idsOf: (batch) => pass.idsOf(batch),
          positionOf: (batch) => pass.positionOf(batch),
          draws: new RowDraws({ seed: this.#identity.seed, epoch }),
          labelOf: (batch) => `batch ${batch} of epoch ${epoch}`,
          onSpare: (spare) => {
            if (this.#current?.batches === batches) this.#readAhead(spare);
          },
          signal,
        }),
      collate: this.#options.collate,
      onTaken: (taken) => {
        pass.forgetBefore(taken.batch);
        this.#batches.note({ ...taken, epoch });
        this.#stats.add(epoch, taken);
        const { onCorrupt } = this.#options;
        if (typeof onCorrupt === 'function') for (const skipped of taken.skipped) onCorrupt(skipped);
      },
      onEnd: () => pass.close(),
      signal: this.#options.signal,
    });
    return { epoch, pass, batches };
  }

  /**
   * Reads the next epoch's first batches while the last ones of this are used up. Not in a loader's first
   * iteration, which for many is the only one; and not with a sampler of the user's own, which may be told
   * between two epochs what the next one has to be.
   */
  #readAhead(batches: number): void {
    if (this.#iterations < 2 || this.#sampling !== undefined || this.#closed) return;
    try {
      this.#ahead.read(batches, this.#next, () => this.#beginEpoch());
    } catch {
      // The next iteration meets it: the environment may say by then what it said before.
    }
  }

  /** The pass that the next iteration makes. */
  #beginPass(): { epoch: number; pass: Pass } {
    if (this.#sampling === undefined) return this.#listPass((sequence) => this.#aheadOf(sequence));
    const { epoch } = this.#next;
    const { source } = this;
    return { epoch, pass: new SampledPass({ ...this.#sampling, source, epoch, from: this.#next }) };
  }

  /** The same where no sampler gives the order; what is left of an epoch may be too little for a batch. */
  #listPass(aheadOf?: (sequence: Sequence) => BlockReadAhead | undefined): {
    epoch: number;
    pass: ListedPass;
  } {
    let { epoch, position: start } = this.#next;
    let share = this.#shareFrom(start);
    if (start > 0 && share.batches === 0) {
      epoch++;
      start = 0;
      share = this.#shareFrom(start);
    }
    const { seed, shuffle } = this.#identity;
    const sequence = this.#parts.sequence({ shuffle, seed, epoch });
    return { epoch, pass: new ListedPass({ share, sequence, start, ahead: aheadOf?.(sequence) }) };
  }

  #aheadOf({ windows, length }: Sequence): BlockReadAhead | undefined {
    const reader = this.#runReader;
    if (reader === undefined || windows === undefined) return undefined;
    return new BlockReadAhead({ windows, length, bring: (run) => reader.bring(run) });
  }

  #shareFrom(start: number): RankShare {
    return new RankShare({
      samples: this.source.length,
      batchSize: this.#batchSize,
      ...this.#share.get(),
      dropLast: this.#options.dropLast ?? false,
      start,
    });
  }
}

/** Those of the options that rules are given for. */
function namedIn(rules: object, options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(rules, name)));
}

function closedError(): ZcError {
  return new ZcError('ZC_CLOSED', 'the loader is closed');
}

function superseded(why: string): ZcError {
  return new ZcError('ZC_SUPERSEDED', why);
}
