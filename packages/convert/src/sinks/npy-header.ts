import type { Dtype } from '@zc/format';

/** What NumPy calls the types that it has. It has no bfloat16: its bits come as uint16. */
const DESCRIPTIONS: Readonly<Record<Dtype, string>> = {
  bool: '|b1',
  uint8: '|u1',
  int8: '|i1',
  uint16: '<u2',
  int16: '<i2',
  uint32: '<u4',
  int32: '<i4',
  uint64: '<u8',
  int64: '<i8',
  float16: '<f2',
  bfloat16: '<u2',
  float32: '<f4',
  float64: '<f8',
  complex64: '<c8',
};

/** Data begins at a multiple of this, so that a map of the file is aligned. */
const ALIGNMENT_BYTES = 64;

/** The head of a `.npy` file of version 1 in C order (numpy.lib.format). */
export function encodeNpyHeader(dtype: Dtype, shape: readonly number[]): Uint8Array {
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${DESCRIPTIONS[dtype]}', 'fortran_order': False, 'shape': (${extents}), }`;
  const prefixBytes = 10;
  const headBytes = Math.ceil((prefixBytes + text.length + 1) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const head = Buffer.alloc(headBytes, ' ', 'latin1');
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  head.writeUInt16LE(headBytes - prefixBytes, 8);
  head.write(text, prefixBytes, 'latin1');
  head[headBytes - 1] = 0x0a;
  return head;
}
