import type { CachedRuns } from '../shards/cached-runs.js';
import { MissingRuns } from '../shards/missing-runs.js';
import type { ShardColumn } from '../shards/shard-column.js';
import type { TokenStream } from './token-stream.js';

/**
 * How a lookup comes to shards and runs of tables that are not there: by asking for them, after which it is to
 * be made again, or at once. What it came to stays as long as the use that the access was made for.
 */
export interface TableAccess {
  /** The token field of a shard; nothing where it has to be opened first. */
  column(shard: number): ShardColumn | undefined;
  /** Whether a run is there. */
  has(runs: CachedRuns<ArrayBufferView>, run: number): boolean;
}

/** Gathers what is missing. */
export class AskingAccess implements TableAccess {
  readonly missing = new MissingRuns();
  readonly use: number;
  readonly #stream: TokenStream;
  readonly #closed = new Set<number>();

  constructor(stream: TokenStream, use: number) {
    this.#stream = stream;
    this.use = use;
  }

  column(shard: number): ShardColumn | undefined {
    const column = this.#stream.columnOf(shard);
    if (column === undefined) this.#closed.add(shard);
    return column;
  }

  has(runs: CachedRuns<ArrayBufferView>, run: number): boolean {
    if (runs.has(run, this.use)) return true;
    this.missing.need(runs, run, this.use);
    return false;
  }

  /** Brings what was asked for; nothing where it was all there. */
  load(): Promise<unknown> | undefined {
    if (this.#closed.size === 0 && this.missing.none) return undefined;
    const opening = Array.from(this.#closed, (shard) => this.#stream.store.open(shard));
    return Promise.all([...opening, this.missing.load()]);
  }
}

/** Reads what is missing at once, which blocks. */
export class BlockingAccess implements TableAccess {
  readonly #stream: TokenStream;
  readonly #use: number;

  constructor(stream: TokenStream, use: number) {
    this.#stream = stream;
    this.#use = use;
  }

  column(shard: number): ShardColumn {
    return this.#stream.columnNow(shard);
  }

  has(runs: CachedRuns<ArrayBufferView>, run: number): boolean {
    if (!runs.has(run, this.#use)) runs.now(run);
    return true;
  }
}
