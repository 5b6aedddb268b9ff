import type { IndexCache } from './index-cache.js';

/** Where the bytes of a part come from. */
export interface RangeReader {
  /** Lends the bytes of a range for as long as `use` runs. */
  lend(offset: number, length: number, use: (bytes: Uint8Array) => void): Promise<void>;
  /** A copy of a range, by a read that blocks. */
  readNow(offset: number, length: number): Uint8Array;
}

export interface CachedRunsOptions<T> {
  cache: IndexCache;
  file: RangeReader;
  /** Where the part lies in the file. */
  part: { readonly offset: number; readonly length: number };
  runBytes: number;
  /** Checks and decodes a run, whose bytes are lent; `offset` is the run's in the file. */
  decode(bytes: Uint8Array, run: number, offset: number): T;
}

/** A part of a shard, held in decoded runs that come as they are needed and may go again. */
export class CachedRuns<T extends ArrayBufferView> {
  readonly #options: CachedRunsOptions<T>;
  readonly #runs: (T | undefined)[] = [];
  readonly #lastUses: number[] = [];
  readonly #loading = new Map<number, Promise<void>>();

  constructor(options: CachedRunsOptions<T>) {
    this.#options = options;
  }

  /** Whether a run is there; it then stays for as long as the use lasts. */
  has(run: number, use: number): boolean {
    this.#lastUses[run] = use;
    return this.#runs[run] !== undefined;
  }

  /** Whether a run is there at this moment. */
  holds(run: number): boolean {
    return this.#runs[run] !== undefined;
  }

  /** A run that is known to be there. */
  at(run: number): T {
    return this.#runs[run]!;
  }

  /** A run, read now where it is not there: blocks. */
  now(run: number): T {
    const { offset, length } = this.#range(run);
    return this.#runs[run] ?? this.#store(run, offset, this.#options.file.readNow(offset, length));
  }

  /** Reads the runs from `first` to `last` in one go, leaving out those that are there or under way. */
  async load(first: number, last: number): Promise<void> {
    const waits: Promise<void>[] = [];
    for (let run = first; run <= last; run++) {
      if (this.#runs[run] !== undefined) continue;
      let loading = this.#loading.get(run);
      if (loading === undefined) {
        let end = run;
        while (end < last && this.#runs[end + 1] === undefined && !this.#loading.has(end + 1)) end++;
        loading = this.#loadRange(run, end);
        for (let each = run; each <= end; each++) this.#loading.set(each, loading);
        run = end;
      }
      waits.push(loading);
    }
    await Promise.all(waits);
  }

  lastUse(run: number): number {
    return this.#lastUses[run] ?? 0;
  }

  drop(run: number): void {
    this.#runs[run] = undefined;
  }

  async #loadRange(first: number, last: number): Promise<void> {
    try {
      const { offset } = this.#range(first);
      const end = this.#range(last);
      await this.#options.file.lend(offset, end.offset + end.length - offset, (bytes) => {
        for (let run = first; run <= last; run++) {
          const range = this.#range(run);
          const from = range.offset - offset;
          if (this.#runs[run] === undefined) {
            this.#store(run, range.offset, bytes.subarray(from, from + range.length));
          }
        }
      });
    } finally {
      for (let run = first; run <= last; run++) this.#loading.delete(run);
    }
  }

  #range(run: number): { offset: number; length: number } {
    const { part, runBytes } = this.#options;
    const from = run * runBytes;
    return { offset: part.offset + from, length: Math.min(runBytes, part.length - from) };
  }

  #store(run: number, offset: number, bytes: Uint8Array): T {
    const decoded = this.#options.decode(bytes, run, offset);
    this.#runs[run] = decoded;
    this.#options.cache.add({ owner: this, number: run, bytes: decoded.byteLength });
    return decoded;
  }
}
