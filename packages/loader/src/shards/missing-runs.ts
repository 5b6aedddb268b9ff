import type { CachedRuns } from './cached-runs.js';

/** The runs that a plan lacks, gathered so that neighbours are read together. */
export class MissingRuns {
  readonly #ranges: { runs: CachedRuns<ArrayBufferView>; first: number; last: number }[] = [];

  /** Asks for a run; for one part, runs are best asked for in ascending order. */
  need(runs: CachedRuns<ArrayBufferView>, run: number, use: number): void {
    if (runs.has(run, use)) return;
    const newest = this.#ranges.at(-1);
    if (newest?.runs === runs && run >= newest.first && run <= newest.last + 1)
      newest.last = Math.max(newest.last, run);
    else this.#ranges.push({ runs, first: run, last: run });
  }

  get none(): boolean {
    return this.#ranges.length === 0;
  }

  async load(): Promise<void> {
    await Promise.all(this.#ranges.map(({ runs, first, last }) => runs.load(first, last)));
  }
}
