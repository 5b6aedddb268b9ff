/** Asking the page cache may take this part of the time of the thread that asks. */
const PROBING_SHARE = 0.02;

/**
 * How often the page cache may be asked what it holds: an answer takes microseconds for a small file and
 * almost a millisecond for a large one, and there may be a hundred thousand files.
 */
export class ProbeBudget {
  #freeAtMs = Number.NEGATIVE_INFINITY;

  /** Asks, where it is time to; else there is no answer. */
  ask<T>(nowMs: number, probe: () => T): T | undefined {
    if (nowMs < this.#freeAtMs) return undefined;
    const startMs = performance.now();
    const answer = probe();
    // Some time may be saved up, so that a batch can ask about many files at once.
    const begin = Math.max(this.#freeAtMs, nowMs - SAVED_MS);
    this.#freeAtMs = begin + (performance.now() - startMs) / PROBING_SHARE;
    return answer;
  }
}

const SAVED_MS = 500;
