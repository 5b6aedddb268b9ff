import { ZcError } from '@zc/errors';
import { BLOCK_BYTES, hex32, roundUp } from './block.js';
import { decodedBytes, decodeRow, decompressRow, type RowPlace, shapeOfRow } from './decode-row.js';
import type { Digests } from './digests.js';
import type { FieldLayout } from './layout.js';
import { refuseAbove } from './limits.js';
import type { Source } from './source.js';
import { TableReader } from './table-reader.js';
import { frameContentBytes, refused } from './zstd-frame.js';

/** Where consecutive rows lie in their region. */
export interface RowRanges {
  /** Offsets from the region's start. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** Consecutive rows of one field as they are stored. */
export interface StoredRows {
  readonly rows: readonly Uint8Array[];
  /** For each row its ragged dimensions, empty where the field stores none. */
  readonly dims: readonly Uint32Array[];
}

const NO_DIMS = new Uint32Array(0);

/** Reads the rows of one field of a shard, and checks them. */
export class FieldReader {
  readonly layout: FieldLayout;
  readonly #source: Source;
  readonly #samples: number;
  readonly #crc32c: Digests['crc32c'];
  readonly #ends: TableReader | undefined;
  readonly #dims: TableReader | undefined;
  readonly #checksums: TableReader;

  constructor(source: Source, layout: FieldLayout, samples: number, crc32c: Digests['crc32c']) {
    const { ends, dims, checksums } = layout;
    this.layout = layout;
    this.#source = source;
    this.#samples = samples;
    this.#crc32c = crc32c;
    this.#ends = ends && new TableReader(source, ends, 'u64', crc32c);
    this.#dims = dims && new TableReader(source, dims, 'u32', crc32c);
    this.#checksums = new TableReader(source, checksums, 'u32', crc32c);
  }

  /**
   * Where rows `start` to `end - 1` lie.
   *
   * @throws ZC_FORMAT_TABLE where `ends` breaks a rule of section 8.1, ZC_FORMAT_LIMIT, and what reading it throws
   */
  async ranges(start: number, end: number): Promise<RowRanges> {
    const { rowBytes, rowAlign } = this.layout;
    const count = end - start;
    if (!this.#ends) {
      const starts = Float64Array.from({ length: count }, (_, i) => (start + i) * rowBytes);
      return { starts, ends: starts.map((at) => at + rowBytes) };
    }
    const first = Math.max(start - 1, 0);
    const read = await this.#ends.range(first, end);
    const ends = read.subarray(start - first);
    const starts = new Float64Array(count);
    let before = start === 0 ? 0 : read[0]!;
    for (let i = 0; i < count; i++) {
      starts[i] = roundUp(before, rowAlign);
      this.#checkRange(start + i, starts[i]!, ends[i]!);
      before = ends[i]!;
    }
    return { starts, ends };
  }

  /**
   * The values of rows `start` to `end - 1`, read in one piece: tensors and bytes are views of it.
   *
   * @throws ZC_FORMAT_CHECKSUM, ZC_FORMAT_TABLE, ZC_FORMAT_VALUE, ZC_FORMAT_LIMIT and what the source throws
   */
  async values(start: number, end: number, ranges?: RowRanges): Promise<unknown[]> {
    const { starts, ends } = ranges ?? (await this.ranges(start, end));
    const dimsOf = await this.#dimsOf(start, end);
    const places = this.#placesOf(start, starts);
    if (this.layout.field.codec !== 'none') {
      const frames = await this.#stored(start, starts, ends);
      return frames.map((frame, i) => {
        const { bytes, shape } = decompressRow(this.layout, frame, dimsOf(i), places[i]!);
        return decodeRow(this.layout, bytes, shape, places[i]!);
      });
    }
    // All that the tables say is checked before a byte of the rows is read.
    const rows = places.map((place, i) => ({
      place,
      shape: shapeOfRow(this.layout, ends[i]! - starts[i]!, dimsOf(i), place),
    }));
    const stored = await this.#stored(start, starts, ends);
    return rows.map(({ place, shape }, i) => decodeRow(this.layout, stored[i]!, shape, place));
  }

  /**
   * Rows `start` to `end - 1` in stored form, read in one piece: views of it. They have their checksums, and as many
   * bytes as their dimensions say; values are not looked at.
   *
   * @throws ZC_FORMAT_CHECKSUM, ZC_FORMAT_TABLE, ZC_FORMAT_VALUE, ZC_FORMAT_LIMIT and what the source throws
   */
  async stored(start: number, end: number, ranges?: RowRanges): Promise<StoredRows> {
    const { starts, ends } = ranges ?? (await this.ranges(start, end));
    const dimsOf = await this.#dimsOf(start, end);
    const rows = await this.#stored(start, starts, ends);
    const places = this.#placesOf(start, starts);
    rows.forEach((row, i) => {
      this.#checkShape(row, dimsOf(i), places[i]!);
    });
    const dims = rows.map((_, i) => (this.#dims ? Uint32Array.from(dimsOf(i)!) : NO_DIMS));
    return { rows, dims };
  }

  /** The dimensions of the row that is `i` rows behind `start`; none where the field stores none. */
  async #dimsOf(start: number, end: number): Promise<(i: number) => Float64Array | undefined> {
    const { dimsPerRow } = this.layout;
    const dims = await this.#dims?.range(start * dimsPerRow, end * dimsPerRow);
    return (i) => dims?.subarray(i * dimsPerRow, (i + 1) * dimsPerRow);
  }

  #placesOf(start: number, starts: Float64Array): RowPlace[] {
    const { offset } = this.layout.region;
    const { name } = this.#source;
    return Array.from(starts, (at, i) => ({ name, row: start + i, offset: offset + at }));
  }

  /** What decoding a row would find wrong with its length. */
  #checkShape(row: Uint8Array, dims: Float64Array | undefined, place: RowPlace): void {
    const { field } = this.layout;
    if (field.codec === 'none') {
      shapeOfRow(this.layout, row.length, dims, place);
      return;
    }
    const framed = { ...place, field: field.name };
    const found = frameContentBytes(row, framed);
    const expected = decodedBytes(this.layout, dims);
    if (found !== expected) throw refused(framed, `claims ${found} bytes where ${expected} belong`);
  }

  /** The stored bytes of rows, checked. */
  async #stored(first: number, starts: Float64Array, ends: Float64Array): Promise<Uint8Array[]> {
    const { region, checksumUnit } = this.layout;
    const isBlocks = checksumUnit === 'block';
    const from = isBlocks ? Math.floor(starts[0]! / BLOCK_BYTES) * BLOCK_BYTES : starts[0]!;
    const lastEnd = ends.at(-1)!;
    const to = isBlocks ? Math.min(roundUp(lastEnd, BLOCK_BYTES), region.length) : lastEnd;
    const bytes = to > from ? await this.#source.read(region.offset + from, to - from) : new Uint8Array(0);
    if (isBlocks) await this.#checkBlocks(bytes, from);
    const rows = Array.from(starts, (at, i) => bytes.subarray(at - from, ends[i]! - from));
    if (!isBlocks) await this.#checkRows(first, rows, starts);
    return rows;
  }

  async #checkBlocks(bytes: Uint8Array, from: number): Promise<void> {
    if (bytes.length === 0) return;
    const first = from / BLOCK_BYTES;
    const expected = await this.#checksums.range(first, first + Math.ceil(bytes.length / BLOCK_BYTES));
    for (let i = 0; i < expected.length; i++) {
      const crc = this.#crc32c(bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
      if (crc !== expected[i]) {
        const offset = this.layout.region.offset + from + i * BLOCK_BYTES;
        throw this.damaged(`block ${first + i}`, offset, crc, expected[i]!);
      }
    }
  }

  async #checkRows(first: number, rows: readonly Uint8Array[], starts: Float64Array): Promise<void> {
    const expected = await this.#checksums.range(first, first + rows.length);
    rows.forEach((row, i) => {
      const crc = this.#crc32c(row);
      if (crc === expected[i]) return;
      const offset = this.layout.region.offset + starts[i]!;
      throw this.damaged(`row ${first + i}`, offset, crc, expected[i]!, { row: first + i });
    });
  }

  damaged(
    what: string,
    offset: number,
    actual: number,
    expected: number,
    details: { row?: number } = {},
  ): ZcError {
    const { name } = this.layout.field;
    return new ZcError(
      'ZC_FORMAT_CHECKSUM',
      `${what} of field "${name}" has CRC32C ${hex32(actual)}, expected ${hex32(expected)}`,
      { path: this.#source.name, offset, field: name, expected, actual, ...details },
    );
  }

  #checkRange(row: number, start: number, end: number): void {
    const place = { path: this.#source.name, offset: this.#ends!.offsetOf(row), row };
    checkRange(this.layout, this.#samples, start, end, place);
  }
}

/**
 * The rules of section 8.1 for the place of one row in its region.
 *
 * @throws ZC_FORMAT_TABLE, ZC_FORMAT_LIMIT
 */
export function checkRange(
  { field, region, elementBytes }: FieldLayout,
  samples: number,
  start: number,
  end: number,
  place: { readonly path: string; readonly offset: number; readonly row: number },
): void {
  const what = `row ${place.row} of field "${field.name}"`;
  const refuse = (summary: string) =>
    new ZcError('ZC_FORMAT_TABLE', summary, { ...place, field: field.name, actual: end });
  if (end < start) throw refuse(`${what} ends at ${end}, before its start at ${start}`);
  if (end > region.length)
    throw refuse(`${what} ends at ${end}, behind its region of ${region.length} bytes`);
  if (place.row === samples - 1 && end !== region.length) {
    throw refuse(`the last ${what} ends at ${end}, its region at ${region.length}`);
  }
  refuseAbove('ROW_BYTES_MAX', end - start, `the length of ${what}`, { ...place, field: field.name });
  if ((end - start) % elementBytes !== 0) {
    throw refuse(`${what} has ${end - start} bytes, no multiple of its element's ${elementBytes}`);
  }
}
