import type { MappedFile } from '@zc/io';
import { ShardColumn, type ShardColumnOptions } from './shard-column.js';
import type { OpenedShard } from './shard-opening.js';

/** How often the page cache is asked anew whether it holds a shard. */
const PROBE_INTERVAL_MS = 1000;
/** The share of a field that must be there for it to count as resident. */
const RESIDENT_SHARE = 0.98;

/** An opened shard: a column a field, and whether the page cache holds them. */
export class Shard {
  readonly file: MappedFile;
  /** In schema order. */
  readonly columns: readonly ShardColumn[];
  #resident = false;
  #probedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    { file, footer }: OpenedShard,
    options: Omit<ShardColumnOptions, 'layout' | 'fieldNumber' | 'samples' | 'file'>,
  ) {
    const { samples, layout } = footer;
    this.file = file;
    // Without it the first touch of a page reads megabytes around it, on devices that are set so.
    if (file.sizeBytes > 0) file.advise(0, file.sizeBytes, 'random');
    this.columns = layout.map(
      (field, fieldNumber) => new ShardColumn({ ...options, layout: field, fieldNumber, samples, file }),
    );
  }

  /**
   * Whether the page cache holds these fields, so that their rows are best copied from the map. An estimate,
   * at most a second old: a wrong one costs time, never a byte.
   */
  isResident(fieldNumbers: readonly number[], nowMs: number): boolean {
    if (nowMs - this.#probedAtMs < PROBE_INTERVAL_MS) return this.#resident;
    this.#probedAtMs = nowMs;
    this.#resident = fieldNumbers.every((number) => {
      const { small, layout } = this.columns[number]!;
      // Small fields are in the index cache, which reads past the page cache.
      if (small !== undefined) return true;
      const { offset, length } = layout.region;
      return this.file.residentBytes(offset, length) >= RESIDENT_SHARE * length;
    });
    return this.#resident;
  }
}
