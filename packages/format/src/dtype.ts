/** What is known of an element type: its size, the array that holds it, and how one element is told in words. */
interface DtypeInfo {
  readonly bytes: number;
  /** Array elements per tensor element: 2 for complex numbers. */
  readonly lanes: number;
  readonly array: TypedArrayConstructor;
}

/**
 * The element types of the format (specification, section 6).
 *
 * JavaScript has no array of bool, float16, bfloat16 or complex64: these come as `Uint8Array` of 0 and 1,
 * `Uint16Array` of the raw bits (see `toFloat32`) and `Float32Array` of twice the length.
 */
export const dtypes = {
  bool: { bytes: 1, lanes: 1, array: Uint8Array },
  uint8: { bytes: 1, lanes: 1, array: Uint8Array },
  int8: { bytes: 1, lanes: 1, array: Int8Array },
  uint16: { bytes: 2, lanes: 1, array: Uint16Array },
  int16: { bytes: 2, lanes: 1, array: Int16Array },
  uint32: { bytes: 4, lanes: 1, array: Uint32Array },
  int32: { bytes: 4, lanes: 1, array: Int32Array },
  uint64: { bytes: 8, lanes: 1, array: BigUint64Array },
  int64: { bytes: 8, lanes: 1, array: BigInt64Array },
  float16: { bytes: 2, lanes: 1, array: Uint16Array },
  bfloat16: { bytes: 2, lanes: 1, array: Uint16Array },
  float32: { bytes: 4, lanes: 1, array: Float32Array },
  float64: { bytes: 8, lanes: 1, array: Float64Array },
  complex64: { bytes: 8, lanes: 2, array: Float32Array },
} as const satisfies Record<string, DtypeInfo>;

/** The name of an element type. */
export type Dtype = keyof typeof dtypes;

interface ArrayTypes {
  bool: Uint8Array;
  uint8: Uint8Array;
  int8: Int8Array;
  uint16: Uint16Array;
  int16: Int16Array;
  uint32: Uint32Array;
  int32: Int32Array;
  uint64: BigUint64Array;
  int64: BigInt64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
  complex64: Float32Array;
}

/** The array that holds elements of a type. */
export type TypedArrayOf<D extends Dtype> = ArrayTypes[D];

/** Every array that elements come in; see `dtypes`. */
export type TypedArray = ArrayTypes[Dtype];

/** One element as a JavaScript value; 64-bit integers are always `bigint`, complex numbers `[real, imaginary]`. */
export type ScalarOf<D extends Dtype> = D extends 'bool'
  ? boolean
  : D extends 'int64' | 'uint64'
    ? bigint
    : D extends 'complex64'
      ? readonly [number, number]
      : number;

export const dtypeNames = Object.keys(dtypes) as [Dtype, ...Dtype[]];

/**
 * Bytes as elements: a view where the address permits it, else a copy.
 *
 * A view keeps the buffer of `bytes` alive and changes with it.
 */
export function elementsOf<D extends Dtype>(dtype: D, bytes: Uint8Array): TypedArrayOf<D> {
  const { array } = dtypes[dtype];
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  const length = aligned.byteLength / array.BYTES_PER_ELEMENT;
  return new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, length) as TypedArrayOf<D>;
}

type TypedArrayConstructor =
  | typeof Uint8Array
  | typeof Int8Array
  | typeof Uint16Array
  | typeof Int16Array
  | typeof Uint32Array
  | typeof Int32Array
  | typeof BigUint64Array
  | typeof BigInt64Array
  | typeof Float32Array
  | typeof Float64Array;
