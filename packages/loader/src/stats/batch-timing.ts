/** When and how long a batch was on its way into its slot, in milliseconds; points in time as `performance.now()`. */
export interface BatchTiming {
  /** This thread's: finding the rows' places and writing the plan. */
  planMs: number;
  /** Waiting for tables, and for shards that had not been touched. */
  lookupMs: number;
  /** Waiting for a slot, where those that there are were read into or kept. */
  slotMs: number;
  /** When the engine was given the plan. */
  submittedMs: number;
  /** Padding it and transforming its rows. */
  finishMs: number;
  /** When it could be handed out. */
  readyMs: number;
}

/** Notes what a batch waits for, one thing after the other. */
export class BatchClock {
  readonly timing: BatchTiming = {
    planMs: 0,
    lookupMs: 0,
    slotMs: 0,
    submittedMs: 0,
    finishMs: 0,
    readyMs: 0,
  };
  #since = performance.now();

  /** Counts what passed since the last call towards one part. */
  lap(part: 'planMs' | 'lookupMs' | 'slotMs'): void {
    const now = performance.now();
    this.timing[part] += now - this.#since;
    this.#since = now;
  }

  submitted(): void {
    this.lap('planMs');
    this.timing.submittedMs = this.#since;
  }

  ready(finishMs: number): void {
    this.timing.finishMs = finishMs;
    this.timing.readyMs = performance.now();
  }
}
