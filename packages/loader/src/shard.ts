import { MappedFile } from '@zc/io';
import type { FieldLayout, Footer, Schema } from '@zc/format';
import type { IndexCache } from './index-cache.js';
import { ShardColumn } from './shard-column.js';

/** What is known of a shard before it is opened. */
export interface ShardEntry {
  readonly name: string;
  readonly path: string;
  readonly samples: number;
  /** The dataset's number of the shard's first sample. */
  readonly firstSample: number;
}

/** How often the page cache is asked anew whether it holds a shard. */
const PROBE_INTERVAL_MS = 1000;
/** The share of a shard that must be there for it to count as resident. */
const RESIDENT_SHARE = 0.98;

/** A shard that was opened: its head, footer and tail are right, its columns can be asked. */
export class Shard {
  readonly entry: ShardEntry;
  readonly file: MappedFile;
  readonly uuid: string;
  readonly schema: Schema;
  /** In schema order. */
  readonly columns: readonly ShardColumn[];
  #resident = false;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(
    entry: ShardEntry,
    { file, footer, uuid, cache, verify }: { file: MappedFile; footer: Footer; uuid: string; cache: IndexCache; verify: boolean },
  ) {
    this.entry = entry;
    this.file = file;
    this.uuid = uuid;
    this.schema = footer.schema;
    this.columns = footer.layout.map(
      (layout: FieldLayout, fieldNumber) =>
        new ShardColumn({ layout, fieldNumber, samples: footer.samples, file, cache, verify }),
    );
  }

  /**
   * Whether the page cache holds these fields, so that their rows are best copied from the map. An estimate,
   * at most a second old: a wrong one costs time, never a byte.
   */
  isResident(fields: readonly number[], nowMs: number): boolean {
    if (nowMs - this.#probedAt < PROBE_INTERVAL_MS) return this.#resident;
    this.#probedAt = nowMs;
    this.#resident = fields.every((field) => {
      const { offset, length } = this.columns[field]!.layout.region;
      return this.file.residentBytes(offset, length) >= RESIDENT_SHARE * length;
    });
    return this.#resident;
  }
}
