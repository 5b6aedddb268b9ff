import { EventEmitter } from 'node:events';
import type { ReadResult } from '@zc/io';
import type { SkippedSamples } from '../reading/corrupt-rows.js';
import type { BatchTiming } from './batch-timing.js';
import { type Verdict, verdictOf } from './verdict.js';

/** What a loader has done. Bytes are those of the samples' rows, times are milliseconds. */
export interface LoaderCounts {
  readonly batches: number;
  readonly samples: number;
  /** Samples that were left out of their batches (see `DataLoaderOptions.onCorrupt`). */
  readonly skipped: number;
  /** By O_DIRECT into the slot itself. */
  readonly bytesDirect: number;
  /** By a read into a staging buffer and a copy. */
  readonly bytesStaged: number;
  /** Copied into the slot by the CPU, from wherever. */
  readonly bytesCopied: number;
  /** Found in the page cache. */
  readonly bytesResident: number;
  /** That reads brought, past the page cache or through it: what was not found there beforehand. */
  readonly bytesRead: number;
  /** Batches that were not ready when they were asked for. */
  readonly stalls: number;
  /** Batches that lay ready whenever one was asked for, added up: by `batches`, the mean queue depth. */
  readonly readyBatches: number;
  /** The consumer waited for batches. */
  readonly waitedMs: number;
  /** Batches were with the consumer: its step, for which the loader waited. */
  readonly stepMs: number;
  /** At least one batch had reads under way. */
  readonly readMs: number;
  /** Of the engine's helper threads together: passes that only check. */
  readonly checkMs: number;
  /** Of the engine's helper threads together: passes that copy, with the checks of what they copy. */
  readonly copyMs: number;
  /** At least one batch was being padded or transformed. */
  readonly finishMs: number;
  /** Of this thread: finding rows and writing plans. */
  readonly planMs: number;
  /** Reading ahead waited for tables, and for shards that had not been touched. */
  readonly lookupMs: number;
  /** Reading ahead waited for a slot, because batches are kept. */
  readonly slotMs: number;
}

/** Counters of a span of time, and what they say. */
export interface LoaderStats extends LoaderCounts {
  /** Threads of the engine that copy and check. */
  readonly helpers: number;
  readonly verdict: Verdict;
}

/** One batch as it was handed out; what it has in common with `LoaderCounts` is this batch's part of it. */
export interface BatchEvent extends Omit<LoaderCounts, 'batches' | 'skipped' | 'stalls'> {
  readonly epoch: number;
  /** Of this rank in its iteration, from 0. */
  readonly batch: number;
  /** Whether it was not ready when it was asked for. */
  readonly stalled: boolean;
}

/** A batch at the moment that the consumer is given it. */
export interface TakenBatch {
  readonly batch: number;
  readonly samples: number;
  readonly skipped: readonly SkippedSamples[];
  readonly result: ReadResult;
  readonly timing: BatchTiming;
  readonly readyBatches: number;
  readonly waitedMs: number;
  readonly stepMs: number;
}

/** Adds up what `LoaderStats` tells, and tells of each batch whoever listens. */
export class StatsCounter {
  readonly events = new EventEmitter<{ batch: [BatchEvent] }>();
  readonly #counts: { -readonly [K in keyof LoaderCounts]: number } = { ...NO_COUNTS };
  readonly #reading = new Union();
  readonly #finishing = new Union();

  add(epoch: number, taken: TakenBatch): void {
    const { result, timing, samples, readyBatches, waitedMs, stepMs } = taken;
    const { bytesDirect, bytesStaged, bytesCopied, bytesResident, checkMs, copyMs } = result;
    const { planMs, lookupMs, slotMs, finishMs, submittedMs, readyMs } = timing;
    const counts = this.#counts;
    counts.batches += 1;
    counts.samples += samples;
    for (const skipped of taken.skipped) counts.skipped += skipped.samples.length;
    counts.bytesDirect += bytesDirect;
    counts.bytesStaged += bytesStaged;
    counts.bytesCopied += bytesCopied;
    counts.bytesResident += bytesResident;
    counts.bytesRead += bytesReadOf(result);
    counts.stalls += readyBatches === 0 ? 1 : 0;
    counts.readyBatches += readyBatches;
    counts.waitedMs += waitedMs;
    counts.stepMs += stepMs;
    counts.checkMs += checkMs;
    counts.copyMs += copyMs;
    counts.planMs += planMs;
    counts.lookupMs += lookupMs;
    counts.slotMs += slotMs;
    counts.readMs += this.#reading.add(submittedMs, submittedMs + result.readMs);
    counts.finishMs += this.#finishing.add(readyMs - finishMs, readyMs);
    if (this.events.listenerCount('batch') > 0) this.events.emit('batch', eventOf(epoch, taken));
  }

  /** What was counted since an earlier snapshot, or since the beginning. */
  snapshot(helpers: number, since: LoaderCounts = NO_COUNTS): LoaderStats {
    const counts = { ...this.#counts };
    for (const key of Object.keys(NO_COUNTS) as (keyof LoaderCounts)[]) counts[key] -= since[key];
    return { ...counts, helpers, verdict: verdictOf({ ...counts, helpers }) };
  }
}

/** The length of a union of spans that come in the order in which they begin. */
class Union {
  #upToMs = 0;

  /** How much longer a span makes it. */
  add(startMs: number, endMs: number): number {
    const more = Math.max(0, endMs - Math.max(startMs, this.#upToMs));
    this.#upToMs = Math.max(this.#upToMs, endMs);
    return more;
  }
}

function bytesReadOf({ bytesDirect, bytesCopied, bytesResident }: ReadResult): number {
  return bytesDirect + bytesCopied - bytesResident;
}

function eventOf(epoch: number, { result, timing, ...taken }: TakenBatch): BatchEvent {
  const { failures: _, ...read } = result;
  const { finishMs, planMs, lookupMs, slotMs } = timing;
  return {
    epoch,
    ...taken,
    ...read,
    bytesRead: bytesReadOf(result),
    stalled: taken.readyBatches === 0,
    ...{ finishMs, planMs, lookupMs, slotMs },
  };
}

const NO_COUNTS: LoaderCounts = {
  batches: 0,
  skipped: 0,
  samples: 0,
  bytesDirect: 0,
  bytesStaged: 0,
  bytesCopied: 0,
  bytesResident: 0,
  bytesRead: 0,
  stalls: 0,
  readyBatches: 0,
  waitedMs: 0,
  stepMs: 0,
  readMs: 0,
  checkMs: 0,
  copyMs: 0,
  finishMs: 0,
  planMs: 0,
  lookupMs: 0,
  slotMs: 0,
};
