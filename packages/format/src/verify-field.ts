import { isZcError, ZcError } from '@zc/errors';
import { BLOCK_BYTES, hex32, isAllZero, roundUp } from './block.js';
import { checkBools, decodeRow, decompressRow, type RowPlace, shapeOfRow } from './decode-row.js';
import type { Digests } from './digests.js';
import { checkRange } from './field-reader.js';
import type { FieldLayout } from './layout.js';
import { RegionScanner } from './region-scanner.js';
import type { Source } from './source.js';
import { TableReader } from './table-reader.js';
import { U64_PER_BLOCK } from './tables.js';

/** What the check of a field needs. */
export interface FieldCheck {
  readonly source: Source;
  readonly layout: FieldLayout;
  readonly samples: number;
  readonly crc32c: Digests['crc32c'];
  /** Is told of each thing that is wrong. */
  readonly report: (damage: ZcError) => void;
  /** Is told of bytes that have been read; may throw to end the check. */
  readonly advance: (bytes: number) => void;
}

/** Rows that are looked up at once: those of one block of `ends`, so that a damaged block hides no others. */
const WINDOW_ROWS = U64_PER_BLOCK;

/**
 * Checks every row of a field: its place, its shape, its bytes against their checksum, its content, and the
 * padding before it (specification, sections 7.3, 8.1 and 9). The tables' own blocks are checked elsewhere.
 */
export async function verifyField(check: FieldCheck): Promise<void> {
  const { layout, samples } = check;
  const scanner = new RegionScanner(check.source, layout, async (chunk, position) => {
    check.advance(chunk.length);
    if (layout.checksumUnit === 'block') await checkBlocks(check, chunk, position);
  });
  if (!isDecidedByBlocks(layout)) {
    const tables = openTables(check);
    for (let start = 0; start < samples; start += WINDOW_ROWS) {
      const window = await lookUp(check, tables, start, Math.min(start + WINDOW_ROWS, samples));
      if (window) await checkWindow(check, scanner, window);
    }
  }
  await scanner.skipTo(layout.region.length);
}

/** Whether the blocks' checksums say all there is to say: any bits of a dense region are rows. */
function isDecidedByBlocks({ fixed, checksumUnit, field }: FieldLayout): boolean {
  return fixed && checksumUnit === 'block' && field.kind === 'tensor' && field.dtype !== 'bool';
}

interface Tables {
  readonly ends: TableReader | undefined;
  readonly dims: TableReader | undefined;
  readonly checksums: TableReader;
}

function openTables({ source, layout, crc32c }: FieldCheck): Tables {
  const { ends, dims, checksums } = layout;
  return {
    ends: ends && new TableReader(source, ends, 'u64', crc32c),
    dims: dims && new TableReader(source, dims, 'u32', crc32c),
    checksums: new TableReader(source, checksums, 'u32', crc32c),
  };
}

/** What the tables say of some consecutive rows. */
interface Window {
  readonly start: number;
  /** Behind the row before the first one, then behind each. */
  readonly ends: Float64Array;
  readonly dims: Float64Array | undefined;
  /** Of rows; `undefined` where blocks have them. */
  readonly checksums: Float64Array | undefined;
}

/** `undefined` where a table block is damaged, which the check of the tables has reported. */
async function lookUp(
  { layout }: FieldCheck,
  tables: Tables,
  start: number,
  end: number,
): Promise<Window | undefined> {
  const { dimsPerRow, rowBytes, checksumUnit } = layout;
  try {
    const ends = new Float64Array(end - start + 1);
    if (!tables.ends) for (const i of ends.keys()) ends[i] = (start + i) * rowBytes;
    else if (start === 0) ends.set(await tables.ends.range(0, end), 1);
    else ends.set(await tables.ends.range(start - 1, end));
    const dims = await tables.dims?.range(start * dimsPerRow, end * dimsPerRow);
    const checksums = checksumUnit === 'row' ? await tables.checksums.range(start, end) : undefined;
    return { start, ends, dims, checksums };
  } catch (error) {
    if (isFormatError(error)) return undefined;
    throw error;
  }
}

async function checkWindow(check: FieldCheck, scanner: RegionScanner, window: Window): Promise<void> {
  const { layout, samples, source } = check;
  const { region, rowAlign, dimsPerRow } = layout;
  for (let i = 0; i + 1 < window.ends.length; i++) {
    const row = window.start + i;
    const start = roundUp(window.ends[i]!, rowAlign);
    const end = window.ends[i + 1]!;
    try {
      checkRange(layout, samples, start, end, { path: source.name, offset: region.offset, row });
    } catch (error) {
      reportOrThrow(check, error);
      continue;
    }
    // After a wrong entry the rows may seem to run backwards; that entry has been reported.
    if (window.ends[i]! < scanner.position && start < scanner.position) continue;
    await scanner.skipTo(window.ends[i]!);
    await checkPadding(check, scanner, start, row);
    const place: RowPlace = { name: source.name, row, offset: region.offset + start };
    const dims = window.dims?.subarray(i * dimsPerRow, (i + 1) * dimsPerRow);
    try {
      // The decoded length of a compressed row is looked at with its bytes.
      if (layout.field.codec === 'none') shapeOfRow(layout, end - start, dims, place);
    } catch (error) {
      reportOrThrow(check, error);
    }
    await checkRow(check, scanner, end, place, dims, window.checksums?.[i]);
  }
}

async function checkPadding(
  check: FieldCheck,
  scanner: RegionScanner,
  end: number,
  row: number,
): Promise<void> {
  for await (const piece of scanner.upTo(end)) {
    if (isAllZero(piece)) continue;
    const offset = check.layout.region.offset + scanner.position - piece.length;
    const summary = `the padding before row ${row} of field "${check.layout.field.name}" is not zero`;
    check.report(damageOf(check, summary, { offset, row }));
  }
}

/** Takes a row's bytes from the scanner and checks what they are. */
async function checkRow(
  check: FieldCheck,
  scanner: RegionScanner,
  end: number,
  place: RowPlace,
  dims: ArrayLike<number> | undefined,
  expected: number | undefined,
): Promise<void> {
  const { layout, crc32c } = check;
  const { field } = layout;
  const isCompressed = field.codec !== 'none';
  const isText = field.codec === 'none' && (field.kind === 'utf8' || field.kind === 'json');
  const isBool = field.codec === 'none' && field.kind === 'tensor' && field.dtype === 'bool';
  const isKept = isText || isCompressed;
  if (expected === undefined && !isKept && !isBool) return scanner.skipTo(end);
  const kept: Uint8Array[] = [];
  let crc = 0;
  const take = (piece: Uint8Array) => {
    if (expected !== undefined) crc = crc32c(piece, crc);
    if (isKept) kept.push(piece.slice());
    if (isBool) checkBools(field, piece, place);
  };
  try {
    const whole = scanner.pieceUpTo(end);
    if (whole) take(whole);
    else for await (const piece of scanner.upTo(end)) take(piece);
    if (isText) decodeRow(layout, joined(kept), [], place);
    // A damaged row is reported once, by its checksum.
    if (isCompressed && (expected === undefined || crc === expected)) {
      const { bytes, shape } = decompressRow(layout, joined(kept), dims, place);
      decodeRow(layout, bytes, shape, place);
    }
  } catch (error) {
    await scanner.skipTo(end);
    reportOrThrow(check, error);
  }
  if (expected !== undefined && crc !== expected) {
    const summary = `row ${place.row} of field "${field.name}" has CRC32C ${hex32(crc)}, expected ${hex32(expected)}`;
    check.report(
      damageOf(check, summary, {
        offset: place.offset,
        row: place.row,
        expected,
        actual: crc,
      }),
    );
  }
}

async function checkBlocks(check: FieldCheck, chunk: Uint8Array, position: number): Promise<void> {
  const { layout, source, crc32c } = check;
  const first = position / BLOCK_BYTES;
  const table = new TableReader(source, layout.checksums, 'u32', crc32c);
  const blocks = Math.ceil(chunk.length / BLOCK_BYTES);
  let expected: Float64Array;
  try {
    expected = await table.range(first, first + blocks);
  } catch (error) {
    if (isFormatError(error)) return;
    throw error;
  }
  for (let i = 0; i < blocks; i++) {
    const crc = crc32c(chunk.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
    if (crc === expected[i]) continue;
    const offset = layout.region.offset + position + i * BLOCK_BYTES;
    const summary =
      `block ${first + i} of field "${layout.field.name}" has CRC32C ${hex32(crc)}, ` +
      `expected ${hex32(expected[i]!)}`;
    const details = { offset, block: first + i, expected: expected[i], actual: crc };
    check.report(damageOf(check, summary, details));
  }
}

function damageOf(
  { source, layout }: FieldCheck,
  summary: string,
  details: Record<string, unknown>,
): ZcError {
  return new ZcError('ZC_FORMAT_CHECKSUM', summary, {
    path: source.name,
    field: layout.field.name,
    ...details,
  });
}

function reportOrThrow(check: FieldCheck, error: unknown): void {
  if (!isFormatError(error)) throw error;
  check.report(error);
}

/** Whether an error is damage of the file, and not a failure to read it. */
export function isFormatError(error: unknown): error is ZcError {
  return isZcError(error) && error.code.startsWith('ZC_FORMAT_');
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
