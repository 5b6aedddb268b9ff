import { ZcError } from '@zc/errors';
import type { ProbeBudget } from './residency.js';
import { openShardBytes, type ShardBytes } from './shard-bytes.js';
import { ShardColumn, type ShardColumnOptions } from './shard-column.js';
import { type OpenedShard, otherLength } from './shard-opening.js';

/** How often the page cache is asked anew whether it holds a shard. */
const PROBE_INTERVAL_MS = 1000;
/** The share of a field that must be there for it to count as resident. */
const RESIDENT_SHARE = 0.98;

export interface ShardOptions
  extends Omit<ShardColumnOptions, 'layout' | 'fieldNumber' | 'samples' | 'path' | 'bytes'> {
  /** How many bytes of a range of the shard are in the page cache. */
  residentBytes(offset: number, length: number): number;
  probes: ProbeBudget;
}

/** An opened shard: a column a field, and whether the page cache holds them. */
export class Shard {
  readonly path: string;
  /** In schema order. */
  readonly columns: readonly ShardColumn[];
  readonly #sizeBytes: number;
  readonly #options: ShardOptions;
  #bytes: ShardBytes | undefined;
  #closed = false;
  #resident = false;
  #probedAtMs = Number.NEGATIVE_INFINITY;

  constructor({ path, sizeBytes, bytes, footer }: OpenedShard, options: ShardOptions) {
    const { samples, layout } = footer;
    this.path = path;
    this.#sizeBytes = sizeBytes;
    this.#options = options;
    this.#bytes = bytes;
    this.columns = layout.map(
      (field, fieldNumber) =>
        new ShardColumn({
          ...options,
          layout: field,
          fieldNumber,
          samples,
          path,
          bytes: () => this.bytes,
        }),
    );
  }

  /**
   * Its bytes for reads that block. Batches do without: it is mapped when this is asked for first.
   *
   * @throws ZC_IO_OPEN, ZC_IO_MAP, ZC_FORMAT_TRUNCATED, ZC_FORMAT_MANIFEST, ZC_CLOSED
   */
  get bytes(): ShardBytes {
    if (this.#closed) throw new ZcError('ZC_CLOSED', 'the shard is closed', { path: this.path });
    if (this.#bytes === undefined) {
      const bytes = openShardBytes(this.path);
      if (bytes.sizeBytes !== this.#sizeBytes) throw otherLength(bytes, this.#sizeBytes);
      this.#bytes = bytes;
    }
    return this.#bytes;
  }

  /** Lets the map go; views that are held stay valid. */
  close(): void {
    this.#closed = true;
    this.#bytes?.close();
  }

  /**
   * Whether the page cache holds these fields, so that their rows are best copied from the map. An estimate,
   * at most a second old, or "no" where there are too many shards to ask for each: a wrong one costs time,
   * never a byte.
   */
  isResident(fieldNumbers: readonly number[], nowMs: number): boolean {
    // Without an answer the last one would do; but rows that are not there cost more than ones that are.
    return this.#ask(fieldNumbers, nowMs) ?? false;
  }

  /** Whether it is known that the page cache does not hold these fields: "no" where there are too many to ask. */
  isCold(fieldNumbers: readonly number[], nowMs: number): boolean {
    return this.#ask(fieldNumbers, nowMs) === false;
  }

  #ask(fieldNumbers: readonly number[], nowMs: number): boolean | undefined {
    if (nowMs - this.#probedAtMs < PROBE_INTERVAL_MS) return this.#resident;
    const resident = this.#options.probes.ask(nowMs, () =>
      fieldNumbers.every((number) => this.#holds(number)),
    );
    if (resident === undefined) return undefined;
    this.#resident = resident;
    this.#probedAtMs = nowMs;
    return resident;
  }

  #holds(fieldNumber: number): boolean {
    const { small, layout } = this.columns[fieldNumber]!;
    // Small fields are in the index cache, which reads past the page cache.
    if (small !== undefined) return true;
    const { offset, length } = layout.region;
    return this.#options.residentBytes(offset, length) >= RESIDENT_SHARE * length;
  }
}
