import { abortedError } from '@zc/errors';
import type { ZeroCopyBuffer } from '@zc/io';
import { type Batch, makeBatch, type ReadBatch } from '../batches/batch.js';
import { type BatchMaker, DrawnBatch } from '../batches/batch-maker.js';
import type { BatchMemory } from '../batches/batch-memory.js';
import { orAborted } from '../or-aborted.js';
import type { IndexCache } from '../shards/index-cache.js';
import { BatchClock } from '../stats/batch-timing.js';
import type { Queue, QueueTask } from './queue.js';

export interface BatchQueueOptions extends QueueTask {
  maker: BatchMaker;
  memory: BatchMemory;
  cache: IndexCache;
}

/**
 * Reads batches ahead of the consumer, in order: as soon as one is taken, another one is begun.
 *
 * Reading ahead takes the slots that there are, and those that its depth may add. Only a batch that the
 * consumer waits for makes the pool grow beyond, while the slots are all held by it.
 */
export class BatchQueue implements Queue<Batch> {
  readonly #options: BatchQueueOptions;
  readonly #underWay: Promise<ReadBatch | undefined>[] = [];
  #begun = 0;
  #taken = 0;
  #filling = false;
  /** Whether the consumer waits for the batch `#taken`. */
  #wanted = false;
  /** The batch that waits for a slot. */
  #starved: number | undefined;
  #stopped = false;
  #ready = 0;
  /** The most batches under way, before anybody asks for them. */
  #limit = Number.POSITIVE_INFINITY;
  /** Goes on with reading ahead, while the event loop has its turn. */
  #paused: (() => void) | undefined;

  constructor(options: BatchQueueOptions) {
    this.#options = options;
  }

  get ready(): number {
    return this.#ready;
  }

  /** @throws ZC_MEMORY_BUDGET and ZC_ABORTED besides */
  async next(): Promise<ReadBatch | undefined> {
    this.#wanted = true;
    this.#limit = Number.POSITIVE_INFINITY;
    if (this.#underWay.length === 0) this.#goOn();
    this.#fill();
    const head = this.#underWay[0];
    if (head === undefined) return undefined;
    if (this.#starved === this.#taken) this.#options.memory.grow();
    const batch = await head;
    if (batch === undefined) return undefined;
    this.#underWay.shift();
    this.#taken++;
    this.#ready--;
    this.#wanted = false;
    return batch;
  }

  readAhead(batches: number): void {
    this.#limit = batches;
    this.#fill();
  }

  /** Begins to read ahead, as far as there are slots. */
  #fill(): void {
    if (this.#filling || this.#stopped) return;
    const { batches, depth } = this.#options;
    this.#filling = true;
    let turnMs = performance.now();
    const beginNext = (): void => {
      const spare = Math.min(depth.batches, this.#limit) - this.#underWay.length;
      if (this.#stopped || this.#begun === batches || spare <= 0) {
        this.#filling = false;
        if (!this.#stopped && spare > 0) this.#options.onSpare?.(spare);
        return;
      }
      if (this.#underWay.length > 0 && performance.now() - turnMs > TURN_MS) {
        this.#paused = () => {
          turnMs = performance.now();
          beginNext();
        };
        this.#letOthersRun();
        return;
      }
      const batch = this.#begun++;
      const submitted = this.#submit(batch);
      const read = submitted.then(({ reading }) => reading);
      // Whoever takes the batch meets its error; one that is never taken must not end the process.
      read.catch(() => {});
      this.#underWay.push(read);
      // In order: a later batch must not take the slot that an earlier one waits for.
      submitted.then(beginNext, () => {
        this.#filling = false;
        this.#stopped = true;
      });
    };
    beginNext();
  }

  /** Goes on when others had their turn; where the very first batch is waited for, once it has come. */
  #letOthersRun(): void {
    const goOn = () => setImmediate(() => this.#goOn());
    if (this.#wanted && this.#taken === 0 && this.#underWay.length === 1) this.#underWay[0]!.then(goOn, goOn);
    else goOn();
  }

  #goOn(): void {
    const goOn = this.#paused;
    this.#paused = undefined;
    goOn?.();
  }

  /** Hands a batch to the engine. Where nothing has to be waited for, it is there when this returns. */
  async #submit(batch: number): Promise<{ reading: Promise<ReadBatch> | undefined }> {
    const { maker, memory, cache, draws, signal } = this.#options;
    const given = this.#options.idsOf(batch);
    const ids =
      given instanceof Promise ? await orAborted(given, this.#options.labelOf(batch), signal) : given;
    if (ids === undefined) {
      this.#stopped = true;
      return { reading: undefined };
    }
    const drawn = new DrawnBatch(ids, this.#options.positionOf(batch), draws);
    const label = this.#options.labelOf(batch);
    const use = cache.begin();
    const clock = new BatchClock();
    let slot: ZeroCopyBuffer | null = null;
    try {
      for (;;) {
        if (signal?.aborted) throw abortedError(label, signal);
        const missing = maker.prepare(drawn, use, signal);
        if (missing !== undefined) {
          clock.lap('planMs');
          await missing;
          clock.lap('lookupMs');
          continue;
        }
        slot ??= memory.lease(maker.lengthBytes(drawn), label);
        if (slot !== null) return { reading: this.#read(slot, drawn, clock) };
        if (this.#wanted && batch === this.#taken) {
          memory.grow();
          continue;
        }
        this.#starved = batch;
        clock.lap('planMs');
        slot = await memory.leaseLater(label, signal);
        clock.lap('slotMs');
        this.#starved = undefined;
      }
    } catch (error) {
      slot?.release();
      throw error;
    } finally {
      cache.end(use);
    }
  }

  async #read(slot: ZeroCopyBuffer, drawn: DrawnBatch, clock: BatchClock): Promise<ReadBatch> {
    const { maker, signal } = this.#options;
    try {
      const making = maker.make(slot, drawn, signal);
      clock.submitted();
      const { finishMs, ...made } = await making;
      clock.ready(finishMs);
      this.#ready++;
      const read = { slot, ...made, timing: clock.timing };
      return { ...read, open: () => makeBatch(read) };
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#stopped = true;
    for (const read of this.#underWay.splice(0)) {
      await read.then(
        (batch) => batch?.slot.release(),
        () => {},
      );
    }
  }
}

/** Planning may take so long before what was read meanwhile is handed on: of new shards it takes milliseconds. */
const TURN_MS = 2;
