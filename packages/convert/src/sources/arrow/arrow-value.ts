import { elementsOf, type TypedArray } from '@zc/format';
import type { Data } from 'apache-arrow';
import type { ColumnType } from '../tables/column-type.js';
import { Dense } from '../tables/tensor-of-lists.js';

type Arrow = typeof import('apache-arrow');

/**
 * Values of an Arrow array, read from its buffers with every offset checked: what the library offers for this
 * believes them.
 */
export interface ArrowValues {
  /** Of the row, null where there is none. @throws RangeError for an offset outside of its buffer */
  at(row: number): unknown;
}

/** @throws RangeError where buffers are shorter than the array says */
export function arrowValues(arrow: Arrow, data: Data, type: ColumnType): ArrowValues {
  const isNull = nullsOf(data);
  const values = presentValues(arrow, data, type);
  return { at: (row) => (isNull(row) ? null : values(row)) };
}

function presentValues(arrow: Arrow, data: Data, type: ColumnType): (row: number) => unknown {
  const { DataType: is } = arrow;
  if (is.isDictionary(data.type)) return dictionaryValues(data);
  if (is.isUtf8View(data.type) || is.isBinaryView(data.type)) {
    const vector = new arrow.Vector([data]);
    return (row) => vector.get(row);
  }
  switch (type.kind) {
    case 'number': {
      if (type.dtype === 'bool') return boolValues(data);
      const elements = elementsOfData(data, type.dtype);
      const convert = type.dtype === 'float16' ? arrow.util.uint16ToFloat64 : undefined;
      return convert ? (row) => convert(elements[row] as number) : (row) => elements[row];
    }
    case 'text': {
      const bytes = bytesValues(arrow, data);
      return (row) => utf8.decode(bytes(row));
    }
    case 'binary':
      return bytesValues(arrow, data);
    case 'list':
      return is.isFixedSizeList(data.type) ? fixedLists(arrow, data, type) : variableLists(arrow, data, type);
    case 'struct': {
      const members = type.members.map(({ name, type: member }, i) => ({
        name,
        values: arrowValues(arrow, data.children[i]!, member),
      }));
      return (row) => Object.fromEntries(members.map(({ name, values }) => [name, values.at(row)]));
    }
    case 'unsupported':
      // A table with such a column was refused before its values were asked for.
      return () => undefined;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function nullsOf(data: Data): (row: number) => boolean {
  const { nullBitmap, nullCount, length } = data;
  if (nullCount === 0 || !nullBitmap || nullBitmap.length === 0) return () => false;
  if (nullBitmap.length * 8 < length) throw new RangeError('the bitmap of nulls is shorter than its array');
  return (row) => ((nullBitmap[row >> 3]! >> (row & 7)) & 1) === 0;
}

function boolValues({ values, length }: Data): (row: number) => boolean {
  const bits = values as Uint8Array;
  if (bits.length * 8 < length) throw new RangeError('the bits of bools are fewer than their array has');
  return (row) => ((bits[row >> 3]! >> (row & 7)) & 1) === 1;
}

function elementsOfData({ values, length }: Data, dtype: Parameters<typeof elementsOf>[0]): TypedArray {
  const { buffer, byteOffset, byteLength } = values as Uint8Array;
  const elements = elementsOf(dtype, new Uint8Array(buffer, byteOffset, byteLength));
  if (elements.length < length) {
    throw new RangeError(`the buffer has ${elements.length} elements, its array ${length}`);
  }
  return elements;
}

/** The offsets of variable rows, checked as they are asked for. */
function rangesOf(data: Data, limit: number): (row: number) => [number, number] {
  const offsets = data.valueOffsets as unknown as Int32Array | BigInt64Array;
  if (!offsets || offsets.length <= data.length) {
    // An array without rows may come without offsets.
    if (data.length > 0) throw new RangeError('the buffer of offsets is shorter than its array');
  }
  return (row) => {
    const [start, end] = [Number(offsets[row]), Number(offsets[row + 1])];
    if (start >= 0 && start <= end && end <= limit) return [start, end];
    throw new RangeError(`the offsets ${start} and ${end} do not lie in a buffer of ${limit}`);
  };
}

function bytesValues(arrow: Arrow, data: Data): (row: number) => Uint8Array {
  const bytes = (data.values ?? new Uint8Array()) as Uint8Array;
  const { type } = data;
  if (arrow.DataType.isFixedSizeBinary(type)) {
    const { byteWidth } = type;
    if (bytes.length < byteWidth * data.length) throw new RangeError('the buffer is shorter than its array');
    return (row) => bytes.subarray(row * byteWidth, (row + 1) * byteWidth);
  }
  const range = rangesOf(data, bytes.length);
  return (row) => bytes.subarray(...range(row));
}

type ListType = Extract<ColumnType, { kind: 'list' }>;

function variableLists(arrow: Arrow, data: Data, type: ListType): (row: number) => unknown {
  const child = data.children[0]!;
  const range = rangesOf(data, child.length);
  const slice = sliceOf(arrow, child, type.item);
  return (row) => slice(...range(row));
}

function fixedLists(arrow: Arrow, data: Data, type: ListType): (row: number) => unknown {
  const child = data.children[0]!;
  const size = type.length!;
  if (child.length < size * data.length)
    throw new RangeError('the lists have fewer elements than their size says');
  const slice = sliceOf(arrow, child, type.item);
  return (row) => slice(row * size, (row + 1) * size);
}

/** Elements `start` to `end` of an array: at once where they lie next to each other, one by one else. */
function sliceOf(arrow: Arrow, data: Data, type: ColumnType): (start: number, end: number) => unknown {
  const dense = denseOf(arrow, data, type);
  if (dense) {
    const { elements, shape } = dense;
    const step = shape.reduce((product, extent) => product * extent, 1);
    return (start, end) =>
      new Dense(elements.subarray(start * step, end * step) as TypedArray, [end - start, ...shape]);
  }
  const values = arrowValues(arrow, data, type);
  return (start, end) => Array.from({ length: end - start }, (_, i) => values.at(start + i));
}

/** The elements of numbers, or of fixed-size lists of them, where none is null. */
function denseOf(
  arrow: Arrow,
  data: Data,
  type: ColumnType,
): { elements: TypedArray; shape: number[] } | undefined {
  if (data.nullCount !== 0 && data.nullBitmap && data.nullBitmap.length > 0) return undefined;
  if (arrow.DataType.isDictionary(data.type)) return undefined;
  if (type.kind === 'number' && type.dtype !== 'bool') {
    return { elements: elementsOfData(data, type.dtype), shape: [] };
  }
  if (type.kind !== 'list' || type.length === null) return undefined;
  const inner = denseOf(arrow, data.children[0]!, type.item);
  if (inner === undefined) return undefined;
  if (data.children[0]!.length < data.length * type.length) {
    throw new RangeError('the lists have fewer elements than their size says');
  }
  return { elements: inner.elements, shape: [type.length, ...inner.shape] };
}

function dictionaryValues(data: Data): (row: number) => unknown {
  const { dictionary } = data;
  const indices = data.values as ArrayLike<number | bigint>;
  if (indices.length < data.length) throw new RangeError('the buffer of indices is shorter than its array');
  return (row) => {
    const index = Number(indices[row]);
    if (dictionary && index >= 0 && index < dictionary.length) return dictionary.get(index);
    throw new RangeError(`index ${index} is not in its dictionary`);
  };
}
