import {
  type Dtype,
  dtypes,
  elementsOf,
  type Field,
  numberToHalf,
  type TensorField,
  type TypedArray,
  toFloat32,
} from '@zc/format';

/** The elements of a tensor as types that any format knows, and the shape they have then. */
export interface PlainElements {
  /** Of bool: 0 and 1. */
  readonly elements: TypedArray;
  readonly shape: readonly number[];
}

/**
 * A tensor's value, or a scalar's, as elements and shape: 16-bit floats as float32, which holds each of them exactly,
 * and complex numbers as pairs, one dimension more.
 */
export function plainElements(field: TensorField, value: unknown): PlainElements {
  const { data, shape } = tensorOf(field, value);
  if (is16BitFloat(field.dtype)) return { elements: toFloat32({ dtype: field.dtype, data }), shape };
  return { elements: data, shape: field.dtype === 'complex64' ? [...shape, 2] : shape };
}

/** Whether a type's array holds raw bits, not numbers. */
function is16BitFloat(dtype: Dtype): dtype is 'float16' | 'bfloat16' {
  return dtype === 'float16' || dtype === 'bfloat16';
}

/** Elements as nested arrays, one level a dimension; of a scalar the element itself. */
export function nested<T>(
  { elements, shape }: PlainElements,
  convert: (element: number | bigint) => T,
): unknown {
  let at = 0;
  const level = (dim: number): unknown => {
    if (dim === shape.length) return convert(elements[at++]!);
    return Array.from({ length: shape[dim]! }, () => level(dim + 1));
  };
  return level(0);
}

/** The bytes that a value takes in memory, about. */
export function valueBytes(field: Field, value: unknown): number {
  switch (field.kind) {
    case 'tensor':
      return tensorOf(field, value).data.byteLength;
    case 'bytes':
      return (value as Uint8Array).byteLength;
    case 'utf8':
      return (value as string).length;
    case 'json':
      return JSON.stringify(value).length;
  }
}

/** A tensor's stored elements and shape; a scalar becomes a tensor without dimensions. */
export function tensorOf(field: TensorField, value: unknown): { data: TypedArray; shape: readonly number[] } {
  if (field.shape.length > 0) return value as { data: TypedArray; shape: readonly number[] };
  return { data: scalarElements(field.dtype, value), shape: [] };
}

function scalarElements(dtype: Dtype, value: unknown): TypedArray {
  if (dtype === 'complex64') return Float32Array.from(value as [number, number]);
  if (is16BitFloat(dtype)) return Uint16Array.of(numberToHalf(dtype, value as number));
  const elements = elementsOf(dtype, new Uint8Array(dtypes[dtype].bytes));
  elements[0] = (dtype === 'bool' ? Number(value) : value) as never;
  return elements;
}
