import { ZcError } from '@zc/errors';
import { elementsOf } from './dtype.js';
import { halfToNumber, isHalf } from './half.js';
import { parseJson } from './json.js';
import { type FieldPlan, spanOfShape } from './layout.js';
import { refuseAbove } from './limits.js';
import type { TensorField } from './schema.js';
import { decodeUtf8 } from './text.js';
import { decodeZstd } from './zstd.js';

/** Where a row lies, for errors. */
export interface RowPlace {
  readonly name: string;
  readonly row: number;
  /** Offset in the file. */
  readonly offset: number;
}

/**
 * The shape of a row (specification, section 7.3).
 *
 * `dims` holds the row's ragged dimensions where the field stores them.
 *
 * @throws ZC_FORMAT_TABLE where the shape and the length contradict each other, ZC_FORMAT_LIMIT
 */
export function shapeOfRow(
  plan: FieldPlan,
  rowBytes: number,
  dims: ArrayLike<number> | undefined,
  place: RowPlace,
): number[] {
  const { field, raggedDims, stepBytes, storesDims } = plan;
  if (field.kind !== 'tensor') return [];
  const shape = field.shape.map((extent) => extent ?? 0);
  if (storesDims && dims) for (const [i, dim] of raggedDims.entries()) shape[dim] = dims[i]!;
  else if (raggedDims.length === 1) shape[raggedDims[0]!] = Math.floor(rowBytes / stepBytes);
  // In the order of the ragged dimensions: a product that is too large cannot become right again by rounding.
  const bytes = raggedDims.reduce((product, dim) => product * shape[dim]!, stepBytes);
  if (bytes !== rowBytes) {
    throw new ZcError(
      'ZC_FORMAT_TABLE',
      `row ${place.row} of field "${field.name}" has ${rowBytes} bytes, its shape [${shape}] ${bytes}`,
      {
        path: place.name,
        offset: place.offset,
        field: field.name,
        row: place.row,
        expected: bytes,
        actual: rowBytes,
      },
    );
  }
  if (bytes === 0) {
    const what = `the shape [${shape}] of row ${place.row} of field "${field.name}", in bytes without its zeros,`;
    refuseAbove('ROW_BYTES_MAX', spanOfShape(plan, shape), what, { path: place.name, offset: place.offset });
  }
  return shape;
}

/**
 * The value of a stored row.
 *
 * Tensors and bytes are views of `bytes` where the address permits it, else copies; texts, JSON and scalars
 * are fresh. `shape` is what `shapeOfRow` gave.
 *
 * @throws ZC_FORMAT_VALUE for text that is not UTF-8, JSON that is none and bools other than 0 and 1;
 * ZC_FORMAT_LIMIT for JSON that is nested too deeply.
 */
export function decodeRow(
  plan: FieldPlan,
  bytes: Uint8Array,
  shape: readonly number[],
  place: RowPlace,
): unknown {
  const { field } = plan;
  switch (field.kind) {
    case 'tensor':
      return decodeTensor(field, bytes, shape, place);
    case 'bytes':
      return bytes;
    default:
      return decodeText(field, bytes, place);
  }
}

/**
 * What a compressed row holds, in fresh memory, and its shape. `dims` are the row's entries of the table.
 *
 * @throws ZC_FORMAT_VALUE for what is not one zstd frame of as many bytes as the shape or the table say,
 * ZC_FORMAT_TABLE, ZC_FORMAT_LIMIT
 */
export function decompressRow(
  plan: FieldPlan,
  frame: Uint8Array,
  dims: ArrayLike<number> | undefined,
  place: RowPlace,
): { readonly bytes: Uint8Array; readonly shape: number[] } {
  const expected = decodedBytes(plan, dims);
  const bytes = decodeZstd(frame, { ...place, field: plan.field.name }, expected);
  return { bytes, shape: shapeOfRow(plan, bytes.length, dims, place) };
}

/** What a compressed row decodes to, by its entries of the table `dims`. */
export function decodedBytes(
  { field, raggedDims, stepBytes }: FieldPlan,
  dims: ArrayLike<number> | undefined,
): number {
  if (field.kind !== 'tensor') return dims![0]!;
  return raggedDims.reduce((bytes, _, i) => bytes * dims![i]!, stepBytes);
}

function decodeTensor(
  field: TensorField,
  bytes: Uint8Array,
  shape: readonly number[],
  place: RowPlace,
): unknown {
  const { dtype } = field;
  if (dtype === 'bool') checkBools(field, bytes, place);
  const data = elementsOf(dtype, bytes);
  if (field.shape.length > 0) return { dtype, shape, data };
  const first = data[0]!;
  if (dtype === 'bool') return first === 1;
  if (dtype === 'complex64') return [first, data[1]];
  return isHalf(dtype) ? halfToNumber(dtype, Number(first)) : first;
}

/** @throws ZC_FORMAT_VALUE where a byte is neither 0 nor 1. */
export function checkBools(field: TensorField, bytes: Uint8Array, place: RowPlace): void {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i]! <= 1) continue;
    throw new ZcError(
      'ZC_FORMAT_VALUE',
      `row ${place.row} of field "${field.name}" has a bool of ${bytes[i]}`,
      {
        path: place.name,
        offset: place.offset + i,
        field: field.name,
        row: place.row,
        expected: '0 or 1',
        actual: bytes[i],
      },
    );
  }
}

function decodeText(
  field: { readonly name: string; readonly kind: 'utf8' | 'json' },
  bytes: Uint8Array,
  { name, row, offset }: RowPlace,
): unknown {
  try {
    const text = decodeUtf8(bytes);
    return field.kind === 'utf8' ? text : parseJson(text, { path: name, offset });
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    const wanted = field.kind === 'utf8' ? 'UTF-8' : 'JSON in UTF-8';
    throw new ZcError('ZC_FORMAT_VALUE', `row ${row} of field "${field.name}" is not ${wanted}`, {
      path: name,
      offset,
      field: field.name,
      row,
      cause,
    });
  }
}
