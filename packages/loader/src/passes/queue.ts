import type { ReadResult } from '@zc/io';
import type { SkippedSamples } from '../reading/corrupt-rows.js';
import type { BatchTiming } from '../stats/batch-timing.js';
import type { RowDraws } from '../transforms/row-draws.js';

/** What a queue reads: the batches of one epoch, and how far ahead. */
export interface QueueTask {
  /** How many batches there are; Infinity where only `idsOf` knows. */
  readonly batches: number;
  /** The ids of each, asked for in turn; nothing behind the last one. */
  idsOf(batch: number): Float64Array | undefined | Promise<Float64Array | undefined>;
  /** Where the first id of each stands in the job's list; the others follow. */
  positionOf(batch: number): number;
  /** The random numbers of these batches. */
  readonly draws: RowDraws;
  /** How errors call it. */
  labelOf(batch: number): string;
  /** How many batches are read ahead of the one that is asked for, now. */
  readonly depth: { readonly batches: number };
  /** Told once all batches are begun, and then for each that is taken: how many more could be read ahead. */
  onSpare?(batches: number): void;
  /** Ends everything. */
  readonly signal: AbortSignal | undefined;
}

/** A batch that was read, on its way to the consumer. */
export interface QueuedBatch<B> {
  readonly indices: Float64Array;
  readonly skipped: readonly SkippedSamples[];
  readonly result: ReadResult;
  readonly timing: BatchTiming;
  /** Makes what the consumer gets; to be called once. */
  open(): B;
}

/** Reads batches ahead of the consumer, in order. */
export interface Queue<B> {
  /** Batches that were read and not taken. */
  readonly ready: number;
  /**
   * The next batch; nothing behind the last one. One call at a time.
   *
   * @throws what its reading failed with. After that the queue is to be closed.
   */
  next(): Promise<QueuedBatch<B> | undefined>;
  /** Begins so many batches, or fewer, before the first is asked for. */
  readAhead(batches: number): void;
  /** Waits for what is in flight, which the signal should have ended before, and lets everything go. */
  close(): Promise<void>;
}
