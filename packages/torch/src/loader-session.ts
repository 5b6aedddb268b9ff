import { setImmediate as nextTurn } from 'node:timers/promises';
import { ZcError } from '@zc/errors';
import { type BufferPool, IoUringPrefetcher, type PrefetchReport, ReadEngine } from '@zc/io';
import { type Batch, DataLoader, Dataset, type PadFields, type Source } from '@zc/loader';
import { ClientKind, type ClientMessage } from './client-message.js';
import { asReport, type Connection } from './connection.js';
import { Demand } from './demand.js';
import { checkListed, IdListing } from './id-listing.js';
import { IdStream } from './id-stream.js';
import { judgedTogether } from './judged-together.js';
import {
  encodeBatch,
  encodeEnd,
  encodeFailure,
  encodeWanted,
  type FieldPlace,
  protocolError,
} from './protocol.js';
import type { ConsumerCounts, LoaderOptions, RequestOf } from './requests.js';
import { SegmentTable } from './segment-table.js';

/** What all loaders of a connection share. */
export interface SessionHome {
  readonly connection: Connection;
  nextSegment(): number;
  onBatch(): void;
}

interface Iteration {
  readonly id: number;
  readonly demand: Demand;
  /** Where the client's sampler gives the order. */
  readonly ids: IdStream | undefined;
  /** Where the client gathers the rows itself, and is sent only the ids. */
  readonly listing: IdListing | undefined;
  /** For how many batches beyond those it has taken the client sends the ids. */
  idsAhead: number;
  /** Batches that were sent. */
  sent: number;
  /** Whether the client has ended it: nothing that it says of it is heard. */
  stopped: boolean;
  /** Settles when no batch of it is being read any more. */
  done: Promise<void>;
}

/** One loader of the client: its dataset, and the batches of it that are with the client. */
export class LoaderSession {
  readonly #channel: number;
  readonly #dataset: Dataset;
  /** The dataset, or windows over its tokens. */
  readonly #source: Source;
  readonly #options: LoaderOptions;
  readonly #home: SessionHome;
  readonly #segments: SegmentTable;
  #loader: DataLoader | undefined;
  #share = '';
  #sampled = false;
  /** The one that the last batch lies in. */
  #pool: BufferPool | undefined;
  #iteration: Iteration | undefined;
  /** Settles when what was asked for last has been begun, or ended: one thing at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #ahead: { engine: ReadEngine; prefetcher: IoUringPrefetcher } | undefined;

  /** @throws what opening the dataset throws */
  static async open(
    channel: number,
    paths: readonly string[],
    options: LoaderOptions,
    home: SessionHome,
  ): Promise<LoaderSession> {
    const dataset = await Dataset.open(paths.length === 1 ? paths[0]! : [...paths], {
      verify: options.verify,
      pageCacheBudget: options.page_cache_budget,
    });
    try {
      const source = await sourceOf(dataset, options);
      return new LoaderSession(channel, { dataset, source }, options, home);
    } catch (error) {
      await dataset.close();
      throw error;
    }
  }

  private constructor(
    channel: number,
    { dataset, source }: { dataset: Dataset; source: Source },
    options: LoaderOptions,
    home: SessionHome,
  ) {
    this.#channel = channel;
    this.#dataset = dataset;
    this.#source = source;
    this.#options = options;
    this.#home = home;
    this.#segments = new SegmentTable(home.connection, channel, () => home.nextSegment());
  }

  /** Batches that are with the client. */
  get held(): number {
    return [...this.#segments.leases()].reduce((sum, leases) => sum + leases.held, 0);
  }

  describe(): Record<string, unknown> {
    const { length, digest, schema } = this.#source;
    const shards = this.#dataset.shards.map(({ samples }) => samples);
    return { samples: length, digest, schema, shards };
  }

  /**
   * What the loader counted, judged with what only the client knows: how long it waited, and for its step. Nothing
   * before the first iteration.
   */
  stats(consumer: ConsumerCounts): Record<string, unknown> | null {
    return this.#loader === undefined ? null : judgedTogether(this.#loader.stats(), consumer);
  }

  /** Ends the iteration that is under way, and begins another one. */
  iterate(request: RequestOf<'iterate'>): Promise<void> {
    const begun = this.#stop().then(() => this.#begin(request));
    this.#turn = begun.catch(() => {});
    return begun;
  }

  #begin(request: RequestOf<'iterate'>): void {
    const { epoch, position, iteration: id, ahead, sampled, listed } = request;
    if (listed) checkListed(this.#options.batch_size, sampled);
    const loader = this.#loaderFor(request);
    loader.loadStateDict({ ...loader.stateDict(), epoch, position });
    const demand = new Demand({
      ahead,
      hasRoom: () => this.#hasRoom(),
      untaken: () => this.#untaken(),
    });
    const ids = sampled === undefined ? undefined : new IdStream(() => this.#askFurther(iteration));
    const idsAhead = ahead + IDS_BEYOND_AHEAD;
    const listing = listed ? new IdListing(this.#channel, id, loader.order()) : undefined;
    const iteration: Iteration = {
      ...{ id, demand, ids, listing, idsAhead },
      ...{ sent: 0, stopped: false, done: Promise.resolve() },
    };
    this.#iteration = iteration;
    // After the answer, which must come before the first batch.
    iteration.done = nextTurn()
      .then(() => (listing ? this.#sendIds(iteration, 0) : this.#run(iteration, loader)))
      .catch((error) => this.#home.connection.fail(error));
  }

  /** @throws ZC_TORCH_PROTOCOL where ids come that nobody asked for */
  onMessage(message: ClientMessage): void {
    if (message.kind === ClientKind.stop) {
      if (message.iteration === this.#iteration?.id) this.#iteration.stopped = true;
      // It may not have begun yet.
      void this.#stop(message.iteration);
      return;
    }
    const iteration = this.#iteration;
    if (message.iteration !== iteration?.id || iteration.stopped) return;
    if (message.kind === ClientKind.waiting) {
      if (iteration.listing !== undefined) {
        this.#sendIds(iteration, message.count);
        return;
      }
      // What the client gave back before it began to wait is to be used again before the pool grows.
      this.collect();
      iteration.demand.wait(message.count);
      return;
    }
    if (iteration.ids === undefined) throw protocolError('ids come for an iteration without a sampler');
    if (message.kind === ClientKind.ids) iteration.ids.push(message.ids, message.more);
    else iteration.ids.end();
  }

  /** Takes back the slots whose leases the client has ended. */
  collect(): void {
    for (const leases of this.#segments.leases()) leases.collect();
    this.#iteration?.demand.check();
  }

  /** Begins to bring whole shards into the page cache. */
  prefetch(shards: readonly number[]): void {
    for (const shard of shards) {
      const info = this.#dataset.shards[shard];
      if (info === undefined) {
        throw new ZcError('ZC_INDEX_RANGE', `there is no shard ${shard}`, {
          expected: this.#dataset.shards.length,
          actual: shard,
        });
      }
      this.#prefetcher().prefetch(info.path);
    }
  }

  async waitPrefetch(): Promise<PrefetchReport> {
    return this.#prefetcher().wait();
  }

  /** Ends everything. What the client holds stays readable there, for its map keeps the memory. */
  async close(): Promise<void> {
    await this.#stop();
    await this.#loader?.close();
    await this.#ahead?.engine.close();
    this.#dataset.close();
  }

  #loaderFor({ rank, world_size: worldSize, sampled }: RequestOf<'iterate'>): DataLoader {
    const share = `${rank} of ${worldSize}`;
    if (this.#loader !== undefined && (sampled !== undefined) !== this.#sampled) {
      throw protocolError('a loader has a sampler in all of its iterations or in none');
    }
    if (this.#loader !== undefined && this.#share === share) return this.#loader;
    if (this.#loader !== undefined) {
      throw new ZcError('ZC_RANK_CHANGED', `the loader began as rank ${this.#share} and is now ${share}`, {
        expected: this.#share,
        actual: share,
      });
    }
    const {
      batch_size: batchSize,
      shuffle,
      drop_last: dropLast,
      prefetch_batches,
      max_memory_bytes,
      on_corrupt,
      page_cache_budget: _budget,
      windows: _windows,
      pad,
      ...rest
    } = this.#options;
    this.#share = share;
    this.#sampled = sampled !== undefined;
    const order =
      sampled === undefined
        ? { batchSize, shuffle, dropLast }
        : { batchSampler: { batchSize: sampled, [Symbol.asyncIterator]: () => this.#iteration!.ids! } };
    this.#loader = new DataLoader(this.#source, {
      ...rest,
      ...order,
      prefetchBatches: prefetch_batches,
      maxMemoryBytes: max_memory_bytes,
      onCorrupt: on_corrupt,
      pad: pad && padOf(pad),
      rank,
      worldSize,
      // No view of a slot is made here, so there is nothing to detach.
      onRelease: 'keep',
    });
    return this.#loader;
  }

  async #run(iteration: Iteration, loader: DataLoader): Promise<void> {
    const { connection } = this.#home;
    const batches = loader[Symbol.asyncIterator]();
    try {
      for (let number = 0; await iteration.demand.next(); number++) {
        const { value: batch, done } = await batches.next();
        if (iteration !== this.#iteration) break;
        if (done) {
          connection.send(encodeEnd(this.#channel, iteration.id));
          break;
        }
        this.#handOver(batch, number, iteration);
      }
    } catch (error) {
      if (iteration !== this.#iteration) return;
      connection.send(encodeFailure(this.#channel, iteration.id, asReport(error)));
    } finally {
      await batches.return?.();
    }
  }

  /** @throws ZC_TORCH_PROTOCOL where it is another batch's turn */
  #sendIds(iteration: Iteration, firstBatch: number): void {
    if (iteration !== this.#iteration) return;
    this.#home.connection.send(iteration.listing!.frameFrom(firstBatch));
  }

  #handOver(batch: Batch, number: number, iteration: Iteration): void {
    const { pool, segment, index, generation, layout } = batch.slot;
    const known = this.#segments.announce(pool, segment);
    const kept = batch.retain();
    // The loader's own reference would last until the next batch is asked for.
    batch.release();
    known.leases.lend(index, {
      iteration: iteration.id,
      generation,
      giveBack: () => kept.release(),
    });
    this.#home.onBatch();
    iteration.sent++;
    this.#home.connection.send(
      encodeBatch(this.#channel, {
        iteration: iteration.id,
        segment: known.number,
        slot: index,
        generation,
        samples: batch.length,
        way: batch.way,
        number,
        bytesUsed: layout.lengthBytes,
        indices: layout.indicesAt,
        fields: layout.fields.map(
          ({ offset, lengthBytes, variable }): FieldPlace => ({
            offset,
            length: lengthBytes,
            tables: variable?.offsetsAt ?? 0,
          }),
        ),
      }),
    );
    if (pool !== this.#pool) this.#segments.retire(pool);
    this.#pool = pool;
  }

  /** Where the ids of a batch have not come although the client sent all it was asked for: asks for more. */
  #askFurther(iteration: Iteration): void {
    // It sends them when it asks for a batch, before it takes one.
    const taken = Math.max(iteration.sent - this.#untaken() - 1, 0);
    if (iteration.ids!.received < taken + iteration.idsAhead) return;
    iteration.idsAhead *= 2;
    this.#home.connection.send(encodeWanted(this.#channel, iteration.id, iteration.idsAhead));
  }

  #untaken(): number {
    let count = 0;
    for (const leases of this.#segments.leases()) count += leases.untaken();
    return count;
  }

  /** Whether a batch is read already or a slot is free, so that another batch makes no pool grow. */
  #hasRoom(): boolean {
    const pool = this.#pool;
    return pool === undefined || pool.leased < pool.capacity || pool.leased > this.held;
  }

  /** Ends the iteration that is under way, and what was asked for before; the next one waits for that. */
  #stop(only?: number): Promise<void> {
    const stopped = this.#turn.then(() => this.#endIteration(only));
    this.#turn = stopped.catch(() => {});
    return stopped;
  }

  /** Batches that the client has not taken are free again. */
  async #endIteration(only: number | undefined): Promise<void> {
    const iteration = this.#iteration;
    if (iteration === undefined || (only ?? iteration.id) !== iteration.id) return;
    this.#iteration = undefined;
    iteration.demand.end();
    for (const leases of this.#segments.leases()) {
      leases.collect();
      leases.revoke(iteration.id);
    }
    await iteration.done;
  }

  #prefetcher(): IoUringPrefetcher {
    if (this.#ahead === undefined) {
      const engine = new ReadEngine();
      this.#ahead = { engine, prefetcher: new IoUringPrefetcher(engine) };
    }
    return this.#ahead.prefetcher;
  }
}

/** For so many batches more than are sent ahead a client begins to send the ids. */
const IDS_BEYOND_AHEAD = 2;

/** What a loader with these options draws from. */
async function sourceOf(dataset: Dataset, { windows }: LoaderOptions): Promise<Source> {
  if (windows === undefined) return dataset;
  const { cross_documents: crossDocuments, ...rest } = windows;
  return dataset.windows({ ...rest, crossDocuments });
}

/** The same in the loader's words. */
function padOf(pad: NonNullable<LoaderOptions['pad']>): PadFields {
  return Object.fromEntries(
    Object.entries(pad).map(([field, how]) => {
      if (how === true) return [field, how];
      const { multiple_of: multipleOf, ...rest } = how;
      return [field, { ...rest, multipleOf }];
    }),
  );
}
