import { ZcError } from '@zc/errors';
import { type Dtype, dtypes, elementsOf, type TypedArray, toFloat32 } from '@zc/format';
import { type NpyHeader, parseNpyHeader } from './npy-header.js';

/** An array in C order and little-endian. */
export interface NpyArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** A view of the file's bytes where these are as they must be, else a copy. */
  readonly data: TypedArray;
}

/**
 * A whole `.npy` file in memory, in any order of its elements and of their bytes.
 *
 * @param path for messages
 * @throws what `parseNpyHeader` throws; ZC_CONVERT_SOURCE where its length is not what its head says
 */
export function decodeNpy(bytes: Uint8Array, path: string): NpyArray {
  const header = parseNpyHeader(bytes, path);
  const { dtype, shape, dataOffset } = header;
  const expected = dataOffset + bytesOfArray(header);
  if (bytes.length !== expected) {
    throw new ZcError('ZC_CONVERT_SOURCE', `the array has ${bytes.length} bytes instead of ${expected}`, {
      path,
      expected,
      actual: bytes.length,
    });
  }
  return { dtype, shape, data: elementsOf(dtype, arrangedElements(bytes.subarray(dataOffset), header)) };
}

/** Of all elements. */
export function bytesOfArray({ dtype, shape }: Pick<NpyHeader, 'dtype' | 'shape'>): number {
  return shape.reduce((product, extent) => product * extent, dtypes[dtype].bytes);
}

/** The elements in C order and little-endian: the bytes as they are, or a copy. */
export function arrangedElements(
  elements: Uint8Array,
  { dtype, shape, isFortran, isBigEndian }: Omit<NpyHeader, 'dataOffset'>,
): Uint8Array {
  const arranged = isFortran ? toRowOrder(elements, shape, dtypes[dtype].bytes) : elements;
  return isBigEndian ? toLittleEndian(arranged, dtype) : arranged;
}

/** A copy with the bytes of each element turned round; of complex numbers, of each of their two parts. */
function toLittleEndian(elements: Uint8Array, dtype: Dtype): Uint8Array {
  const copy = Buffer.from(elements);
  const { bytes, lanes } = dtypes[dtype];
  if (bytes / lanes === 2) return copy.swap16();
  return bytes / lanes === 4 ? copy.swap32() : copy.swap64();
}

/** Elements whose first index runs fastest, copied so that the last one does. */
function toRowOrder(elements: Uint8Array, shape: readonly number[], elementBytes: number): Uint8Array {
  const lanes = elementBytes === 8 ? 2 : 1;
  const from = wordsOf(elements, elementBytes);
  const out = new Uint8Array(elements.length);
  const to = wordsOf(out, elementBytes);
  const strides = shape.map((_, dim) =>
    shape.slice(0, dim).reduce((product, extent) => product * extent, lanes),
  );
  const index = new Array<number>(shape.length).fill(0);
  const last = shape.length - 1;
  const [length, stride] = [shape[last]!, strides[last]!];
  for (let at = 0; at < to.length; ) {
    const start = index.reduce((sum, i, dim) => sum + i * strides[dim]!, 0);
    for (let i = 0; i < length; i++) {
      for (let lane = 0; lane < lanes; lane++) to[at++] = from[start + i * stride + lane]!;
    }
    for (let dim = last - 1; dim >= 0 && ++index[dim]! === shape[dim]; dim--) index[dim] = 0;
  }
  return out;
}

/** Bytes as words that can be moved without being looked at: no number is made of a NaN. */
function wordsOf(bytes: Uint8Array, elementBytes: number): Uint8Array | Uint16Array | Uint32Array {
  if (elementBytes === 1) return bytes;
  return elementsOf(elementBytes === 2 ? 'uint16' : 'uint32', bytes);
}

/** How one element becomes the value of a scalar field. */
export function scalarReader(dtype: Dtype): (elements: TypedArray) => unknown {
  if (dtype === 'bool') return (elements) => elements[0] !== 0;
  if (dtype === 'float16') return (elements) => toFloat32({ dtype, data: elements })[0];
  // A complex number is a pair.
  if (dtype === 'complex64') return (elements) => elements;
  return (elements) => elements[0];
}
