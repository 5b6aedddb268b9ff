import { isZcError, ZcError } from '@zc/errors';
import { decompressRow, type FieldPlan, limits, planField } from '@zc/format';
import { runSlotSteps, type ZeroCopyBuffer } from '@zc/io';
import type { FieldSpan } from '../batches/batch-layout.js';
import type { ShardColumn } from '../shards/shard-column.js';

/** A block of a frame has 4 bytes at least, where it holds anything, and holds this much at most. */
const BLOCK_BYTES_MIN = 4;
const BLOCK_CONTENT_BYTES_MAX = 128 * 1024;

/** What the rows of a field are once they are decoded; the plan itself where they are stored as they are. */
export function decodedPlan(plan: FieldPlan): FieldPlan {
  return plan.field.codec === 'none' ? plan : planField({ ...plan.field, codec: 'none' });
}

/**
 * How long a compressed row is once it is decoded, as its table says; what that table says is there.
 *
 * @throws ZC_FORMAT_LIMIT, and ZC_FORMAT_TABLE for more than a frame of that length can hold: before memory is taken
 */
export function decodedLength(column: ShardColumn, row: number): number {
  const { field, raggedDims, stepBytes } = column.layout;
  const bytes =
    field.kind === 'tensor'
      ? raggedDims.reduce((product, _, k) => product * column.dim(row, k), stepBytes)
      : column.dim(row, 0);
  const most = Math.floor(column.rowLength(row) / BLOCK_BYTES_MIN) * BLOCK_CONTENT_BYTES_MAX;
  if (bytes <= Math.min(most, limits.ROW_BYTES_MAX)) return bytes;
  const isPossible = bytes <= limits.ROW_BYTES_MAX;
  const bound = isPossible ? 'more than its frame can hold' : 'above ROW_BYTES_MAX';
  throw new ZcError(
    isPossible ? 'ZC_FORMAT_TABLE' : 'ZC_FORMAT_LIMIT',
    `row ${row} of field "${field.name}" is said to decode to ${bytes} bytes, ${bound}`,
    {
      ...{ path: column.path, offset: column.start(row), field: field.name, row },
      expected: isPossible ? most : limits.ROW_BYTES_MAX,
      actual: bytes,
    },
  );
}

/** The first of some rows that does not decode, and what the native side says about it. */
export interface BadFrame {
  readonly row: number;
  readonly error: ZcError;
}

/**
 * Decodes rows of a field from the place where their frames were read to the field's own, natively.
 *
 * @param first the row to begin with, by its place in the batch
 * @param gone rows that are passed over
 * @returns the first bad row; those before it are there
 */
export async function decodeRows(
  slot: ZeroCopyBuffer,
  span: FieldSpan,
  { first, gone }: { first: number; gone: ReadonlySet<number> },
): Promise<BadFrame | undefined> {
  const { plan, offset, variable, frames } = span;
  const { elementBytes, rowBytes } = plan;
  const count = frames!.offsets.length - 1;
  const places: number[] = [];
  const rows: number[] = [];
  for (let row = first; row < count; row++) {
    if (gone.has(row)) continue;
    const from = frames!.offsets[row]!;
    const start = variable === undefined ? row * rowBytes : startOf(variable, row) * elementBytes;
    const length = variable === undefined ? rowBytes : lengthOf(variable, row) * elementBytes;
    places.push(frames!.offset + from, frames!.offsets[row + 1]! - from, offset + start, length);
    rows.push(row);
  }
  if (rows.length === 0) return undefined;
  try {
    await runSlotSteps(slot, [{ kind: 'zstd', places: Float64Array.from(places) }]);
    return undefined;
  } catch (error) {
    if (!isZcError(error, 'ZC_ARGUMENT') || error.offset === undefined) throw error;
    // Frames of no length begin where the next one does: the first bad one is meant.
    const bad = rows.findIndex((_, i) => places[4 * i] === error.offset);
    return { row: rows[bad]!, error };
  }
}

function startOf({ offsets, padded }: NonNullable<FieldSpan['variable']>, row: number): number {
  return padded === undefined ? offsets[row]! : padded.starts[row]!;
}

function lengthOf({ offsets }: NonNullable<FieldSpan['variable']>, row: number): number {
  return offsets[row + 1]! - offsets[row]!;
}

/** The error of a row whose frame does not decode: the one that reading it alone gives, wherever that finds fault. */
export function frameError(column: ShardColumn, row: number, frame: Uint8Array, found: ZcError): ZcError {
  const { layout, path } = column;
  const { offset, dims } = column.placeNow(row, 0);
  try {
    decompressRow(layout, frame, dims, { name: path, row, offset });
  } catch (error) {
    if (isZcError(error)) return error;
    throw error;
  }
  const { name } = layout.field;
  return new ZcError('ZC_FORMAT_VALUE', `row ${row} of field "${name}" is not one zstd frame`, {
    ...{ path, offset, field: name, row, cause: found },
  });
}
