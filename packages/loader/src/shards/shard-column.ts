import { ZcError } from '@zc/errors';
import { BLOCK_BYTES, checksumCount, type FieldLayout } from '@zc/format';
import { crc32c } from '@zc/io';
import { roundUp } from '../pages.js';
import { checksumError } from '../reading/row-error.js';
import { CachedRuns, type RangeReader } from './cached-runs.js';
import type { IndexCache } from './index-cache.js';
import { Marks } from './marks.js';
import type { MissingRuns } from './missing-runs.js';
import type { ShardBytes } from './shard-bytes.js';
import { Table } from './shard-tables.js';
import { ViewMaker } from './view-maker.js';

/**
 * A region below this size whose rows are tiny (labels) is read once and kept; unless there are so many shards
 * that they would drive each other out of the index cache, and a whole region be read for one row.
 */
const SMALL_REGION_BYTES = 2 ** 20;
const SMALL_ROW_BYTES = 64;

export interface ShardColumnOptions {
  layout: FieldLayout;
  /** The field's place in the schema. */
  fieldNumber: number;
  samples: number;
  path: string;
  /** The shard for reads that block. */
  bytes(): ShardBytes;
  /** Reads tables and small regions. */
  reader: RangeReader;
  cache: IndexCache;
  /** The part of the cache that a shard may count on. */
  cacheShareBytes: number;
  /** Whether small regions are checked when they are read. */
  verify: boolean;
}

/**
 * One field of one opened shard: where its rows lie and what they must sum to.
 *
 * `start`, `end`, `dim` and `checksum` want their table runs to be there: `need…` says which are not. What has
 * `now` in its name reads what is missing, and blocks.
 */
export class ShardColumn {
  readonly layout: FieldLayout;
  readonly fieldNumber: number;
  readonly path: string;
  /** Rows or blocks, by the layout's `checksumUnit`, that were found right. */
  readonly checked: Marks;
  readonly blockwise: boolean;
  /** The whole region, where it is small. */
  readonly small: CachedRuns<Uint8Array> | undefined;
  readonly samples: number;
  /** Of a variable field: where each row ends, in bytes from the region's start. */
  readonly ends: Table | undefined;
  readonly #bytes: () => ShardBytes;
  /** For rows of which nothing has to be asked any more. */
  readonly views: ViewMaker | undefined;
  readonly #dims: Table | undefined;
  readonly #checksums: Table;

  constructor(options: ShardColumnOptions) {
    const { layout, fieldNumber, samples, path, bytes, reader, cache, cacheShareBytes, verify } = options;
    const table = (type: 'u64' | 'u32', part: FieldLayout['ends']) =>
      part && new Table(type, { cache, cacheShareBytes, reader, path, part });
    this.layout = layout;
    this.fieldNumber = fieldNumber;
    this.path = path;
    this.blockwise = layout.checksumUnit === 'block';
    this.checked = new Marks(checksumCount(layout, samples, layout.region.length));
    this.samples = samples;
    this.#bytes = bytes;
    this.views = ViewMaker.of(layout);
    this.ends = table('u64', layout.ends);
    this.#dims = table('u32', layout.dims);
    this.#checksums = table('u32', layout.checksums)!;
    const { region } = layout;
    const smallBytes = Math.min(SMALL_REGION_BYTES, cacheShareBytes / 2);
    const isSmall = layout.fixed && layout.rowBytes <= SMALL_ROW_BYTES && region.length < smallBytes;
    if (isSmall && this.blockwise && region.length > 0) {
      this.small = new CachedRuns({
        cache,
        file: reader,
        part: region,
        runBytes: region.length,
        decode: (bytes) => {
          if (verify)
            this.#checkBlocksNow(bytes, {
              first: 0,
              again: true,
              rowOf: (at) => Math.floor(at / layout.rowBytes),
            });
          return bytes.slice();
        },
      });
    }
  }

  /** Where a row of a variable field begins, in the file. */
  start(row: number): number {
    const before = row === 0 ? 0 : this.ends!.at(row - 1);
    return this.layout.region.offset + roundUp(before, this.layout.rowAlign);
  }

  /** Where a row of a variable field ends, in the file. */
  end(row: number): number {
    return this.layout.region.offset + this.ends!.at(row);
  }

  /** The length of a row of a variable field, checked as section 8.1 of the format asks. */
  rowLength(row: number): number {
    const { region, elementBytes, field } = this.layout;
    const start = this.start(row);
    const end = this.end(row);
    const length = end - start;
    const regionEnd = region.offset + region.length;
    const fits = length >= 0 && end <= regionEnd && (row < this.samples - 1 || end === regionEnd);
    if (fits && length % elementBytes === 0) return length;
    throw new ZcError(
      'ZC_FORMAT_TABLE',
      `row ${row} of field "${field.name}" is said to lie from ${start} to ${end}, in a region from ` +
        `${region.offset} to ${regionEnd} with elements of ${elementBytes} bytes`,
      { path: this.path, offset: start, expected: regionEnd, actual: end, field: field.name, row },
    );
  }

  /** Ragged dimension `k` of a row, where dimensions are stored. */
  dim(row: number, k: number): number {
    return this.#dims!.at(row * this.layout.dimsPerRow + k);
  }

  /** The CRC32C of a row or of a block, by the layout's unit. */
  checksum(unit: number): number {
    return this.#checksums.at(unit);
  }

  /** The CRC32C of all rows, where each has one and they are there. */
  rowChecksums(): Uint32Array | undefined {
    return this.blockwise ? undefined : this.#checksums.all(this.samples);
  }

  /** Asks for what tells where `rows[first … end - 1]` lie. The rows ascend. */
  needPlaces(rows: Float64Array, first: number, end: number, missing: MissingRuns, use: number): void {
    if (this.ends !== undefined) {
      for (let i = first; i < end; i++) {
        const row = rows[i]!;
        if (row > 0) missing.need(this.ends.runs, this.ends.runOf(row - 1), use);
        missing.need(this.ends.runs, this.ends.runOf(row), use);
      }
    }
    if (this.#dims !== undefined) {
      const perRow = this.layout.dimsPerRow;
      for (let i = first; i < end; i++) {
        const entry = rows[i]! * perRow;
        missing.need(this.#dims.runs, this.#dims.runOf(entry), use);
        missing.need(this.#dims.runs, this.#dims.runOf(entry + perRow - 1), use);
      }
    }
  }

  /** Asks for the checksums of rows whose places are known; with `all` false, of unchecked ones only. */
  needChecksums(
    rows: Float64Array,
    first: number,
    end: number,
    { all, missing, use }: { all: boolean; missing: MissingRuns; use: number },
  ): void {
    if (!all && this.checked.full) return;
    for (let i = first; i < end; i++) {
      const row = rows[i]!;
      if (!this.blockwise) {
        if (all || !this.checked.has(row))
          missing.need(this.#checksums.runs, this.#checksums.runOf(row), use);
        continue;
      }
      const blocks = { first: this.firstBlock(row), last: this.lastBlock(row) };
      this.needBlockChecksums(blocks, { all, missing, use });
    }
  }

  /** Asks for the checksums of blocks; with `all` false, of unchecked ones only. */
  needBlockChecksums(
    { first, last }: { first: number; last: number },
    { all, missing, use }: { all: boolean; missing: MissingRuns; use: number },
  ): void {
    for (let block = first; block <= last; block++) {
      if (all || !this.checked.has(block)) {
        missing.need(this.#checksums.runs, this.#checksums.runOf(block), use);
      }
    }
  }

  /** Asks for a small region: first for the checksums that it is checked with, then for itself. */
  needSmall(missing: MissingRuns, use: number): void {
    if (this.small === undefined || this.small.has(0, use)) return;
    const before = missing.none;
    const blocks = Math.ceil(this.layout.region.length / BLOCK_BYTES);
    for (let run = 0; run <= this.#checksums.runOf(blocks - 1); run++) {
      missing.need(this.#checksums.runs, run, use);
    }
    if (before && missing.none) missing.need(this.small, 0, use);
  }

  /** The first of the region's blocks that a row touches. */
  firstBlock(row: number): number {
    const { fixed, rowBytes, region } = this.layout;
    const start = fixed ? row * rowBytes : this.start(row) - region.offset;
    return Math.floor(start / BLOCK_BYTES);
  }

  /** The last of the region's blocks that a row touches; below the first for an empty row. */
  lastBlock(row: number): number {
    const { fixed, rowBytes, region } = this.layout;
    const end = fixed ? (row + 1) * rowBytes : this.end(row) - region.offset;
    if (!fixed && end === this.start(row) - region.offset) return -1;
    return Math.floor((end - 1) / BLOCK_BYTES);
  }

  /** Where a row lies in the file, and its ragged dimensions; reads what tells it now, and blocks. */
  placeNow(row: number, use: number): { offset: number; length: number; dims: number[] } {
    const { fixed, rowBytes, region, dimsPerRow } = this.layout;
    if (fixed) return { offset: region.offset + row * rowBytes, length: rowBytes, dims: [] };
    if (row > 0) this.ends!.now(row - 1, use);
    this.ends!.now(row, use);
    const dims = this.#dims;
    return {
      offset: this.start(row),
      length: this.rowLength(row),
      dims: Array.from({ length: dimsPerRow }, (_, k) => dims!.now(row * dimsPerRow + k, use)),
    };
  }

  /**
   * Whether a row cannot be checked without the block at a place of the file; where rows are checked one by one it
   * never is. Reads what tells where the row lies, and blocks.
   */
  sharesBlock(row: number, offset: number): boolean {
    if (!this.blockwise) return false;
    const place = this.placeNow(row, 0);
    const block = Math.floor((offset - this.layout.region.offset) / BLOCK_BYTES);
    const begin = place.offset - this.layout.region.offset;
    const firstBlock = Math.floor(begin / BLOCK_BYTES);
    return (
      place.length > 0 && block >= firstBlock && block <= Math.floor((begin + place.length - 1) / BLOCK_BYTES)
    );
  }

  /** Whether all of a row was found right before: then it was read since the shard was opened. */
  wasChecked(row: number): boolean {
    if (this.checked.full) return true;
    if (!this.blockwise) return this.checked.has(row);
    const last = this.lastBlock(row);
    for (let block = this.firstBlock(row); block <= last; block++) if (!this.checked.has(block)) return false;
    return true;
  }

  /** Checks a row's bytes, with `again` false only once; reads the checksums it lacks, and blocks. */
  checkNow(
    row: number,
    { offset, length }: { offset: number; length: number },
    { bytes, again }: { bytes: Uint8Array; again: boolean },
  ): void {
    if (this.blockwise) {
      this.checkRangeNow({ offset, length }, { again, rowOf: () => row });
      return;
    }
    if (length === 0 || (!again && (this.checked.full || this.checked.has(row)))) return;
    this.#compare(bytes, { unit: row, rowOf: () => row, offset });
    this.checked.add(row);
  }

  /**
   * Checks the blocks that a range of the file touches, with `again` false each only once.
   *
   * @param rowOf finds the row to be named of what is wrong, by its place in the region
   */
  checkRangeNow(
    { offset, length }: { offset: number; length: number },
    { again, rowOf }: { again: boolean; rowOf(at: number): number },
  ): void {
    if (length === 0 || (!again && this.checked.full)) return;
    const from = offset - this.layout.region.offset;
    const first = Math.floor(from / BLOCK_BYTES) * BLOCK_BYTES;
    const end = Math.min(roundUp(from + length, BLOCK_BYTES), this.layout.region.length);
    const blocks = this.#bytes().view(this.layout.region.offset + first, end - first);
    this.#checkBlocksNow(blocks, { first, again, rowOf });
  }

  /** @param first where the bytes begin in the region */
  #checkBlocksNow(
    bytes: Uint8Array,
    { first, again, rowOf }: { first: number; again: boolean; rowOf(at: number): number },
  ): void {
    for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
      const at = first + from;
      const block = at / BLOCK_BYTES;
      if (!again && this.checked.has(block)) continue;
      const offset = this.layout.region.offset + at;
      this.#compare(bytes.subarray(from, from + BLOCK_BYTES), {
        unit: block,
        rowOf: () => rowOf(at),
        offset,
      });
      this.checked.add(block);
    }
  }

  #compare(
    bytes: Uint8Array,
    { unit, rowOf, offset }: { unit: number; rowOf(): number; offset: number },
  ): void {
    const actual = crc32c(bytes);
    const expected = this.#checksums.now(unit, 0);
    if (actual === expected) return;
    // A file that was cut short reads as zeros: then that is what is wrong.
    this.#bytes().check();
    const { field } = this.layout;
    throw checksumError({ path: this.path, offset, field: field.name, row: rowOf(), expected, actual });
  }
}
