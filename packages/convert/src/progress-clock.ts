const INTERVAL_MS = 100;

/** Says some ten times a second that it is time to tell how far the work is. */
export class ProgressClock {
  #toldMs = performance.now();

  /** Whether it is time again; the next interval begins where it is. */
  strikes(): boolean {
    const now = performance.now();
    if (now - this.#toldMs < INTERVAL_MS) return false;
    this.#toldMs = now;
    return true;
  }
}
