import type { ReadResult } from '@zc/io';

/** What a loader has done since it was made. Bytes are those of the samples' rows, times are milliseconds. */
export interface LoaderStats {
  readonly batches: number;
  readonly samples: number;
  /** By O_DIRECT into the slot itself. */
  readonly bytesDirect: number;
  /** By a read into a staging buffer and a copy. */
  readonly bytesStaged: number;
  /** Copied into the slot by the CPU, from wherever. */
  readonly bytesCopied: number;
  /** Found in the page cache. */
  readonly bytesResident: number;
  /** How long the consumer waited for batches, altogether. */
  readonly waitedMs: number;
}

/** Counts what `LoaderStats` tells. */
export class StatsCounter {
  #stats = {
    batches: 0,
    samples: 0,
    bytesDirect: 0,
    bytesStaged: 0,
    bytesCopied: 0,
    bytesResident: 0,
    waitedMs: 0,
  };

  add({ samples, result, waitedMs }: { samples: number; result: ReadResult; waitedMs: number }): void {
    const stats = this.#stats;
    stats.batches++;
    stats.samples += samples;
    stats.bytesDirect += result.bytesDirect;
    stats.bytesStaged += result.bytesStaged;
    stats.bytesCopied += result.bytesCopied;
    stats.bytesResident += result.bytesResident;
    stats.waitedMs += waitedMs;
  }

  snapshot(): LoaderStats {
    return { ...this.#stats };
  }
}
