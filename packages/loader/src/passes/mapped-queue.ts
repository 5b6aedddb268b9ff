import { abortedError } from '@zc/errors';
import type { MappedBatch } from '../batches/mapped-batch.js';
import { orAborted } from '../or-aborted.js';
import { NOTHING_READ } from '../reading/batch-reader.js';
import type { MappedReader } from '../reading/mapped-reader.js';
import type { IndexCache } from '../shards/index-cache.js';
import { BatchClock } from '../stats/batch-timing.js';
import type { Queue, QueuedBatch, QueueTask } from './queue.js';

export interface MappedQueueOptions extends QueueTask {
  reader: MappedReader;
  cache: IndexCache;
}

type QueuedViews = QueuedBatch<MappedBatch>;

/** Asks for the pages of batches ahead of the consumer, in order, and makes their views once the pages are there. */
export class MappedQueue implements Queue<MappedBatch> {
  readonly #options: MappedQueueOptions;
  readonly #underWay: Promise<QueuedViews | undefined>[] = [];
  #begun = 0;
  #ready = 0;
  #stopped = false;
  /** The ids of the batch begun last: they are asked for in turn. */
  #lastIds: Promise<unknown> = Promise.resolve();

  constructor(options: MappedQueueOptions) {
    this.#options = options;
  }

  get ready(): number {
    return this.#ready;
  }

  async next(): Promise<QueuedViews | undefined> {
    this.readAhead(Number.POSITIVE_INFINITY);
    const batch = await this.#underWay[0];
    if (batch === undefined) return undefined;
    this.#underWay.shift();
    this.#ready--;
    return batch;
  }

  readAhead(most: number): void {
    const { batches, depth, onSpare } = this.#options;
    const limit = Math.min(most, depth.batches);
    while (!this.#stopped && this.#begun < batches && this.#underWay.length < limit) {
      const bringing = this.#bring(this.#begun++);
      // Whoever takes the batch meets its error; one that is never taken must not end the process.
      bringing.catch(() => {});
      this.#underWay.push(bringing);
    }
    const spare = limit - this.#underWay.length;
    if (!this.#stopped && spare > 0) onSpare?.(spare);
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#underWay.splice(0));
  }

  async #bring(batch: number): Promise<QueuedViews | undefined> {
    const { reader, cache, signal, labelOf } = this.#options;
    const label = labelOf(batch);
    const asked = this.#lastIds.then(() => this.#options.idsOf(batch));
    this.#lastIds = asked.catch(() => {});
    const ids = await orAborted(asked, label, signal);
    if (ids === undefined) {
      this.#stopped = true;
      return undefined;
    }
    const clock = new BatchClock();
    const use = cache.begin();
    try {
      for (let missing = reader.prepare(ids, use); missing !== undefined; ) {
        clock.lap('planMs');
        await missing;
        clock.lap('lookupMs');
        if (signal?.aborted) throw abortedError(label, signal);
        missing = reader.prepare(ids, use);
      }
      const bringing = reader.bring();
      clock.submitted();
      const bytes = await orAborted(bringing, label, signal);
      const readMs = bytes === 0 ? 0 : performance.now() - clock.timing.submittedMs;
      const views = reader.batchOf(ids, use);
      clock.ready(0);
      this.#ready++;
      const result = { ...NOTHING_READ, readMs };
      return { indices: ids, skipped: [], result, timing: clock.timing, open: () => views };
    } finally {
      cache.end(use);
    }
  }
}
