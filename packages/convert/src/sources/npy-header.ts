import { ZcError } from '@zc/errors';
import { type Dtype, dtypes } from '@zc/format';

/** The head of a `.npy` file. */
export interface NpyHeader {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Whether the first index runs fastest. */
  readonly isFortran: boolean;
  readonly isBigEndian: boolean;
  /** Where the elements begin. */
  readonly dataOffset: number;
}

/** The longest header that is read; NumPy itself refuses more than 10,000 bytes unless told otherwise. */
export const NPY_HEADER_BYTES_MAX = 64 * 1024;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Whether bytes begin as a `.npy` file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads the head of a `.npy` file of version 1, 2 or 3 (numpy.lib.format).
 *
 * @param bytes the beginning of the file, up to `NPY_HEADER_BYTES_MAX` of it
 * @param path for messages
 * @throws ZC_CONVERT_SOURCE for a damaged head; ZC_CONVERT_UNSUPPORTED for structured, text and object arrays
 */
export function parseNpyHeader(bytes: Uint8Array, path: string): NpyHeader {
  const damaged = (what: string, offset: number) => new ZcError('ZC_CONVERT_SOURCE', what, { path, offset });
  if (!isNpy(bytes) || bytes.length < 12) throw damaged('this is not a .npy file', 0);
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw damaged(`version ${version} of .npy is not known`, 6);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) {
    throw damaged(`the header claims ${length} bytes, ${bytes.length - start} are there to be read`, 8);
  }
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(
    bytes.subarray(start, start + length),
  );
  const descr = /'descr':\s*('([^']*)'|\[)/.exec(text);
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const extents = /'shape':\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  if (!descr || !order || extents === undefined) {
    throw damaged(`the header is not one that NumPy writes: ${text.trim().slice(0, 200)}`, start);
  }
  const dtype = dtypeOf(descr[2], path);
  const shape = (extents.match(/\d+/g) ?? []).map(Number);
  const isBigEndian = descr[2]?.[0] === '>' && dtypes[dtype].bytes > 1;
  // Of one dimension both orders are the same.
  return {
    dtype,
    shape,
    isFortran: order === 'True' && shape.length > 1,
    isBigEndian,
    dataOffset: start + length,
  };
}

/** NumPy's type codes; the sign before them tells the byte order, `|` that there is none. */
const DTYPES: Readonly<Record<string, Dtype>> = {
  b1: 'bool',
  u1: 'uint8',
  i1: 'int8',
  u2: 'uint16',
  i2: 'int16',
  u4: 'uint32',
  i4: 'int32',
  u8: 'uint64',
  i8: 'int64',
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  c8: 'complex64',
};

function dtypeOf(descr: string | undefined, path: string): Dtype {
  const refuse = (what: string, advice: string) =>
    new ZcError('ZC_CONVERT_UNSUPPORTED', what, { path, advice });
  if (descr === undefined) {
    throw refuse(
      'the array is structured: its rows mix several types',
      "Save each of its fields as an array of its own: np.save(path, array['field']).",
    );
  }
  const dtype = DTYPES[descr.slice(1)];
  if (dtype) return dtype;
  if (descr === '|O') {
    throw refuse(
      'the array holds Python objects, which only unpickling could read',
      'Save an array of numbers.',
    );
  }
  throw refuse(
    `the dtype '${descr}' is none of the format's`,
    `These are read: ${Object.values(DTYPES).join(', ')}.`,
  );
}
