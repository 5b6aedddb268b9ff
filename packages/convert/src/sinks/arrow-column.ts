import { type Dtype, dtypes, type Field, type TensorField, type TypedArray } from '@zc/format';
import type { Data, DataType } from 'apache-arrow';
import { type PlainElements, plainElements, tensorOf } from './elements.js';
import { isImageOrAudio } from './schema-metadata.js';

type Arrow = typeof import('apache-arrow');

/** Rows of one field on their way into an Arrow array. */
export class ArrowColumn {
  readonly field: Field;
  readonly type: DataType;
  readonly #arrow: Arrow;
  #values: unknown[] = [];

  constructor(arrow: Arrow, field: Field) {
    this.#arrow = arrow;
    this.field = field;
    this.type = typeOf(arrow, field);
  }

  get name(): string {
    return this.field.name;
  }

  append(value: unknown): void {
    this.#values.push(value);
  }

  /** The rows since the last call as an array. */
  take(): Data {
    const values = this.#values;
    this.#values = [];
    const { field } = this;
    if (field.kind === 'tensor') return this.#tensors(field, values);
    if (field.kind === 'bytes') return this.#bytes(values as Uint8Array[]);
    const texts = field.kind === 'utf8' ? (values as string[]) : values.map((value) => JSON.stringify(value));
    return this.#pieces(
      this.type,
      texts.map((text) => Buffer.from(text)),
    );
  }

  #bytes(rows: readonly Uint8Array[]): Data {
    const [bytes, path] = this.type.children ?? [];
    if (!bytes || !path) return this.#pieces(this.type, rows);
    const { length } = rows;
    const noPaths = this.#make(path.type, length, {
      nullCount: length,
      nullBitmap: new Uint8Array(Math.ceil(length / 8)),
      valueOffsets: new Int32Array(length + 1),
      data: new Uint8Array(0),
    });
    return this.#make(this.type, length, { children: [this.#pieces(bytes.type, rows), noPaths] });
  }

  #pieces(type: DataType, pieces: readonly Uint8Array[]): Data {
    const valueOffsets = offsetsOf(pieces.map(({ length }) => length));
    return this.#make(type, pieces.length, { valueOffsets, data: Buffer.concat(pieces) });
  }

  #tensors(field: TensorField, values: readonly unknown[]): Data {
    const rows = values.map((value) => elementsFor(field, value));
    const elements = concat(rows.map((row) => row.elements));
    const level = (type: DataType, dim: number): Data => {
      const lengths = rows.flatMap(({ shape }) =>
        Array<number>(product(shape.slice(0, dim))).fill(shape[dim] ?? 1),
      );
      if (dim === rank(field)) {
        return this.#make(type, lengths.length, {
          data: field.dtype === 'bool' ? packBits(elements) : elements,
        });
      }
      const child = level(type.children[0]!.type, dim + 1);
      const isFixed = this.#arrow.DataType.isFixedSizeList(type);
      return this.#make(type, lengths.length, {
        child,
        ...(!isFixed && { valueOffsets: offsetsOf(lengths) }),
      });
    };
    return level(this.type, 0);
  }

  #make(type: DataType, length: number, parts: object): Data {
    return this.#arrow.makeData({ type, length, nullCount: 0, ...parts } as never) as Data;
  }
}

function typeOf(arrow: Arrow, field: Field): DataType {
  switch (field.kind) {
    case 'bytes':
      if (!isImageOrAudio(field)) return new arrow.Binary();
      return new arrow.Struct([
        new arrow.Field('bytes', new arrow.Binary(), true),
        new arrow.Field('path', new arrow.Utf8(), true),
      ]);
    case 'utf8':
    case 'json':
      return new arrow.Utf8();
    case 'tensor': {
      const shape = field.dtype === 'complex64' ? [...field.shape, 2] : field.shape;
      return shape.reduceRight<DataType>(
        (child, extent) => {
          const item = new arrow.Field('item', child, true);
          return extent === null ? new arrow.List(item) : new arrow.FixedSizeList(extent, item);
        },
        elementType(arrow, field.dtype),
      );
    }
  }
}

function elementType(arrow: Arrow, dtype: Dtype): DataType {
  const types: Record<Dtype, DataType> = {
    bool: new arrow.Bool(),
    uint8: new arrow.Uint8(),
    int8: new arrow.Int8(),
    uint16: new arrow.Uint16(),
    int16: new arrow.Int16(),
    uint32: new arrow.Uint32(),
    int32: new arrow.Int32(),
    uint64: new arrow.Uint64(),
    int64: new arrow.Int64(),
    float16: new arrow.Float16(),
    bfloat16: new arrow.Float32(),
    float32: new arrow.Float32(),
    float64: new arrow.Float64(),
    complex64: new arrow.Float32(),
  };
  return types[dtype];
}

/** float16 stays as it is, for Arrow has it. */
function elementsFor(field: TensorField, value: unknown): PlainElements {
  if (field.dtype !== 'float16') return plainElements(field, value);
  const { data, shape } = tensorOf(field, value);
  return { elements: data, shape };
}

function rank({ dtype, shape }: TensorField): number {
  return shape.length + dtypes[dtype].lanes - 1;
}

function product(extents: readonly number[]): number {
  return extents.reduce((count, extent) => count * extent, 1);
}

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) offsets[i + 1] = offsets[i]! + length;
  return offsets;
}

function concat(arrays: readonly TypedArray[]): TypedArray {
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const all = emptyLike(arrays[0]!, length);
  let at = 0;
  for (const array of arrays) {
    all.set(array as never, at);
    at += array.length;
  }
  return all;
}

function emptyLike(array: TypedArray, length: number): TypedArray {
  const ArrayType = array.constructor as new (length: number) => TypedArray;
  return new ArrayType(length);
}

/** Arrow's bools: one bit each, the lowest first. */
function packBits(bools: ArrayLike<number | bigint>): Uint8Array {
  const bits = new Uint8Array(Math.ceil(bools.length / 8));
  for (let i = 0; i < bools.length; i++) if (bools[i] === 1) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}
