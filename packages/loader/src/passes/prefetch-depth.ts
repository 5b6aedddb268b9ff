import type { ReadResult } from '@zc/io';
import type { BatchTiming } from '../stats/batch-timing.js';

/** Of warm data: what fits a last-level cache, so that a batch is still in it when it is used. */
const WARM_BYTES = 8 * 2 ** 20;
const WARM_BATCHES_MIN = 2;
const WARM_BATCHES_MAX = 16;
/**
 * Of cold data: what a device of 3 GB/s delivers in 8 ms, which keeps it busy and bridges a consumer's longer steps.
 * More would leave the last-level cache before it is checked and used: that costs a fifth of the CPU's time.
 */
const COLD_BYTES = 24 * 2 ** 20;
const COLD_BATCHES_MAX = 64;
/** The part of the budget that reading ahead may take; the rest is for batches that are kept. */
const BUDGET_PART = 2;
/** The weight of the last batch in the averages. */
const WEIGHT = 0.2;

export interface PrefetchDepthOptions {
  /** The number that the user asked for, which then stays. */
  fixed: number | undefined;
  slotBytes: number;
  maxMemoryBytes: number;
}

/** What one batch says of how far ahead to read. */
export interface TakenTiming {
  readonly timing: Pick<BatchTiming, 'submittedMs' | 'readyMs'>;
  readonly result: Pick<ReadResult, 'readMs'>;
  /** How long the consumer was busy before it asked for this batch. */
  readonly stepMs: number;
}

/**
 * How many batches are read ahead.
 *
 * Data from the page cache is ready sooner than it is wanted, and best stays in the CPU's cache until then: few
 * batches. Data from a device takes a while: as many batches as the consumer uses up in that time (Little's
 * law), within bounds of bytes and of the loader's memory.
 */
export class PrefetchDepth {
  /** The fewest batches that are read ahead. */
  readonly least: number;
  /** The most batches that may be. */
  readonly most: number;
  #batches: number;
  #readMs = 0;
  #stepMs = 0;

  constructor({ fixed, slotBytes, maxMemoryBytes }: PrefetchDepthOptions) {
    const warm = clamp(Math.floor(WARM_BYTES / slotBytes), WARM_BATCHES_MIN, WARM_BATCHES_MAX);
    const coldBytes = Math.min(COLD_BYTES, maxMemoryBytes / BUDGET_PART);
    this.least = fixed ?? warm;
    this.most = fixed ?? clamp(Math.floor(coldBytes / slotBytes), warm, COLD_BATCHES_MAX);
    this.#batches = this.least;
  }

  /** What holds now. */
  get batches(): number {
    return this.#batches;
  }

  /** Takes what one batch more has shown. */
  note({ timing, result, stepMs }: TakenTiming): void {
    const isCold = result.readMs > 0;
    this.#readMs += WEIGHT * (timing.readyMs - timing.submittedMs - this.#readMs);
    this.#stepMs += WEIGHT * (stepMs - this.#stepMs);
    const used = this.#stepMs > 0 ? Math.ceil(this.#readMs / this.#stepMs) + 1 : this.most;
    const wanted = isCold ? clamp(used, this.least, this.most) : this.least;
    // At once where it is too little, for that is felt; step by step where it is too much.
    this.#batches = Math.max(wanted, this.#batches - 1);
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
