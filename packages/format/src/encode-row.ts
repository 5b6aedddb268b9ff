import { ZcError } from '@zc/errors';
import { type Dtype, dtypes, type TypedArray } from './dtype.js';
import { isHalf, numberToHalf } from './half.js';
import { canonicalJson } from './json.js';
import { type FieldPlan, spanOfShape } from './layout.js';
import { limits, refuseAbove } from './limits.js';
import type { TensorField } from './schema.js';
import { encodeUtf8, isWellFormed } from './text.js';
import type { ZstdCompressor } from './zstd.js';
import { frameContentBytes } from './zstd-frame.js';

/** Turns the values of one field into stored rows (specification, section 7.2), or says what is wrong with them. */
export class RowEncoder {
  /** The ragged dimensions of the row encoded last; empty where the field stores none. */
  readonly dims: Uint32Array;
  readonly #plan: FieldPlan;
  /** Holds rows given as plain numbers. */
  #scratch = new ArrayBuffer(64);

  readonly #compress: ((bytes: Uint8Array) => Uint8Array) | undefined;

  /** @throws ZC_FORMAT_CODEC for a compressed field that `zstd` cannot write */
  constructor(plan: FieldPlan, zstd?: ZstdCompressor) {
    this.#plan = plan;
    this.dims = new Uint32Array(plan.dimsPerRow);
    this.#compress = compressorOf(plan, zstd);
  }

  /**
   * The bytes of a row: a view of `value` where it holds them already, else of memory that the next call reuses.
   *
   * @throws ZC_FORMAT_VALUE, ZC_FORMAT_LIMIT; both name the field and `row`.
   */
  encode(value: unknown, row: number): Uint8Array {
    const bytes = this.#bytesOf(value, row);
    this.#limitRow(bytes.length, 'the length', row);
    return this.#compress ? this.#compressed(this.#compress(bytes), bytes.length, row) : bytes;
  }

  /** A frame that was just made: readers must find in it what was put there. */
  #compressed(frame: Uint8Array, contentBytes: number, row: number): Uint8Array {
    const { field, raggedDims, stepBytes } = this.#plan;
    this.#limitRow(frame.length, 'the compressed length', row);
    const found = frameContentBytes(frame, { name: '', field: field.name, row, offset: 0 });
    if (found !== contentBytes) {
      throw new ZcError(
        'ZC_FORMAT_CODEC',
        `the compressor of field "${field.name}" made ${found} bytes of a row`,
        {
          expected: contentBytes,
          actual: found,
        },
      );
    }
    if (field.kind !== 'tensor') this.dims[0] = contentBytes;
    else if (raggedDims.length === 1) this.dims[0] = contentBytes / stepBytes;
    return frame;
  }

  #limitRow(bytes: number, what: string, row: number): void {
    const { name } = this.#plan.field;
    refuseAbove('ROW_BYTES_MAX', bytes, `${what} of row ${row} of field "${name}"`, { field: name, row });
  }

  #bytesOf(value: unknown, row: number): Uint8Array {
    const { field } = this.#plan;
    switch (field.kind) {
      case 'tensor':
        return field.shape.length === 0 ? this.#scalar(field, value, row) : this.#tensor(field, value, row);
      case 'bytes':
        if (arrayTypeOf(value) === 'Uint8Array') return value as Uint8Array;
        throw this.#refused(row, 'a Uint8Array', kindOf(value));
      case 'utf8':
        if (typeof value !== 'string') throw this.#refused(row, 'a string', kindOf(value));
        if (!isWellFormed(value)) throw this.#refused(row, 'well-formed text', 'a lone surrogate');
        return encodeUtf8(value);
      case 'json':
        try {
          return encodeUtf8(canonicalJson(value));
        } catch (cause) {
          throw this.#refused(row, 'a JSON value', (cause as Error).message, cause);
        }
    }
  }

  #scalar(field: TensorField, value: unknown, row: number): Uint8Array {
    if (field.dtype === 'complex64') return this.#tensor(field, value, row);
    return this.#numbers(field, [value], row);
  }

  #tensor(field: TensorField, value: unknown, row: number): Uint8Array {
    const { dtype } = field;
    const { data, shape } = this.#unwrap(field, value, row);
    const { array, bytes: elementBytes, lanes } = dtypes[dtype];
    const found = arrayTypeOf(data);
    if (found !== array.name && !Array.isArray(data)) {
      throw this.#refused(row, `a ${array.name} for ${dtype}`, kindOf(data));
    }
    const { length } = data as ArrayLike<unknown>;
    if (length % lanes !== 0) throw this.#refused(row, 'two numbers for each complex one', length);
    this.#settleShape(field, (length / lanes) * elementBytes, shape, row);
    if (Array.isArray(data)) return this.#numbers(field, data, row);
    const view = data as TypedArray;
    if (dtype === 'bool') this.#checkBools(view as Uint8Array, row);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  }

  #unwrap(field: TensorField, value: unknown, row: number): { data: unknown; shape?: readonly number[] } {
    if (Array.isArray(value) || arrayTypeOf(value) !== undefined) return { data: value };
    if (typeof value !== 'object' || value === null || !('data' in value)) {
      throw this.#refused(row, 'a tensor', kindOf(value));
    }
    const { data, dtype, shape } = value as { data: unknown; dtype?: unknown; shape?: unknown };
    if (dtype !== undefined && dtype !== field.dtype) throw this.#refused(row, field.dtype, dtype);
    if (shape === undefined) return { data };
    if (!Array.isArray(shape)) throw this.#refused(row, 'a shape that is an array', kindOf(shape));
    return { data, shape };
  }

  /** Checks the shape against the field's and the length, and keeps the ragged dimensions. */
  #settleShape(
    field: TensorField,
    rowBytes: number,
    shape: readonly number[] | undefined,
    row: number,
  ): void {
    const { raggedDims, stepBytes, storesDims } = this.#plan;
    if (shape === undefined) {
      if (raggedDims.length > 1) {
        throw this.#refused(row, '{ data, shape }, for several dimensions are ragged', 'data alone');
      }
      const isRagged = raggedDims.length === 1;
      if (isRagged ? rowBytes % stepBytes !== 0 : rowBytes !== stepBytes) {
        const wanted = isRagged ? `a multiple of ${stepBytes} bytes` : `${stepBytes} bytes`;
        throw this.#refused(row, `${wanted} as shape [${shapeText(field.shape)}] has`, rowBytes);
      }
      return;
    }
    const matches =
      shape.length === field.shape.length &&
      shape.every((extent, i) => {
        const wanted = field.shape[i];
        if (wanted !== null) return extent === wanted;
        return Number.isInteger(extent) && extent >= 0 && extent <= limits.DIMENSION_MAX;
      });
    if (!matches) throw this.#refused(row, `shape [${shapeText(field.shape)}]`, `shape [${shape}]`);
    const expected = raggedDims.reduce((bytes, dim) => bytes * shape[dim]!, stepBytes);
    if (expected !== rowBytes) {
      throw this.#refused(row, `${expected} bytes, as shape [${shape}] has`, rowBytes);
    }
    if (!storesDims) return;
    this.#limitRow(spanOfShape(this.#plan, shape), 'the shape', row);
    for (const [i, dim] of raggedDims.entries()) this.dims[i] = shape[dim]!;
  }

  #numbers(field: TensorField, values: readonly unknown[], row: number): Uint8Array {
    const { dtype } = field;
    const { array } = dtypes[dtype];
    const bytes = values.length * array.BYTES_PER_ELEMENT;
    if (bytes > this.#scratch.byteLength) this.#scratch = new ArrayBuffer(bytes * 2);
    const out = new array(this.#scratch, 0, values.length);
    for (let i = 0; i < values.length; i++) {
      const element = elementOf(dtype, values[i]);
      if (element === undefined) throw this.#refused(row, elementText(dtype), kindOf(values[i]));
      out[i] = element;
    }
    return new Uint8Array(this.#scratch, 0, bytes);
  }

  #checkBools(bytes: Uint8Array, row: number): void {
    for (let i = 0; i < bytes.length; i++) if (bytes[i]! > 1) throw this.#refused(row, '0 or 1', bytes[i]);
  }

  #refused(row: number, expected: unknown, actual: unknown, cause?: unknown): ZcError {
    const { name } = this.#plan.field;
    return new ZcError(
      'ZC_FORMAT_VALUE',
      `row ${row} of field "${name}": expected ${expected}, found ${actual}`,
      {
        field: name,
        row,
        expected,
        actual,
        cause,
      },
    );
  }
}

/** Nothing for a field that is not compressed. */
function compressorOf(
  { field: { name, codec, codecLibrary, codecLevel } }: FieldPlan,
  zstd: ZstdCompressor | undefined,
): ((bytes: Uint8Array) => Uint8Array) | undefined {
  if (codec === 'none') return undefined;
  if (zstd?.library === codecLibrary) return (bytes) => zstd!.compress(bytes, codecLevel!);
  throw new ZcError('ZC_FORMAT_CODEC', `field "${name}" is compressed by ${codecLibrary}`, {
    field: name,
    expected: codecLibrary,
    actual: zstd?.library,
    advice: 'Give the writer that compressor as `zstd`, and the schema its `library` as `codecLibrary`.',
  });
}

/** The value as an element of the array of its dtype; `undefined` where it does not fit. */
function elementOf(dtype: Dtype, value: unknown): number | bigint | undefined {
  if (dtype === 'bool') {
    if (typeof value === 'boolean') return value ? 1 : 0;
    return value === 0 || value === 1 ? value : undefined;
  }
  const range = integerRanges[dtype];
  if (dtype === 'int64' || dtype === 'uint64') {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return undefined;
    const big = BigInt(value as bigint | number);
    return big >= range![0] && big <= range![1] ? big : undefined;
  }
  if (typeof value !== 'number') return undefined;
  if (range) return Number.isInteger(value) && value >= range[0] && value <= range[1] ? value : undefined;
  return isHalf(dtype) ? numberToHalf(dtype, value) : value;
}

const integerRanges: Partial<Record<Dtype, readonly [number | bigint, number | bigint]>> = {
  uint8: [0, 0xff],
  int8: [-0x80, 0x7f],
  uint16: [0, 0xffff],
  int16: [-0x8000, 0x7fff],
  uint32: [0, 0xffff_ffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint64: [0n, 2n ** 64n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

function elementText(dtype: Dtype): string {
  const range = integerRanges[dtype];
  if (dtype === 'bool') return 'true or false';
  return range ? `an integer from ${range[0]} to ${range[1]} (${dtype})` : `a number (${dtype})`;
}

/** `Uint8Array` for one, a Buffer included, also one of another realm; `undefined` for what is no typed array. */
function arrayTypeOf(value: unknown): string | undefined {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
    ? (value as TypedArray)[Symbol.toStringTag]
    : undefined;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object')
    return arrayTypeOf(value) ?? (Array.isArray(value) ? 'an array' : 'an object');
  return typeof value === 'string' ? 'a string' : `${typeof value} ${String(value)}`;
}

function shapeText(shape: readonly (number | null)[]): string {
  return shape.map(String).join(',');
}
