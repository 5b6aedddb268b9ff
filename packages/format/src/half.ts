import { ZcError } from '@zc/errors';
import type { Dtype } from './dtype.js';

/** The two 16-bit floating-point types: how their 15 bits behind the sign divide. */
const halves = {
  float16: { exponentBits: 5, fractionBits: 10 },
  bfloat16: { exponentBits: 8, fractionBits: 7 },
} as const;

/** A 16-bit floating-point type. */
export type HalfDtype = keyof typeof halves;

export function isHalf(dtype: Dtype): dtype is HalfDtype {
  return dtype in halves;
}

/**
 * The numbers of a float16 or bfloat16 tensor, whose `data` holds raw bits.
 *
 * The result is a new array; every 16-bit value is exact in float32.
 *
 * @throws ZC_ARGUMENT for another dtype.
 * @example const numbers = toFloat32(row.embedding);
 */
export function toFloat32(tensor: { dtype: Dtype; data: ArrayLike<number | bigint> }): Float32Array {
  const { dtype, data } = tensor;
  if (!isHalf(dtype)) {
    throw new ZcError('ZC_ARGUMENT', `toFloat32 takes float16 and bfloat16, not ${dtype}`, { actual: dtype });
  }
  const out = new Float32Array(data.length);
  if (dtype === 'bfloat16') {
    const bits = new Uint32Array(out.buffer);
    for (let i = 0; i < bits.length; i++) bits[i] = Number(data[i]) << 16;
  } else {
    for (let i = 0; i < out.length; i++) out[i] = halfToNumber(dtype, Number(data[i]));
  }
  return out;
}

/** The number that 16 bits stand for. */
export function halfToNumber(dtype: HalfDtype, bits: number): number {
  const { exponentBits, fractionBits } = halves[dtype];
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits & 0x7fff) >> fractionBits;
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  if (exponent === 2 ** exponentBits - 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

/** The 16 bits nearest to a number, ties to even, rounded once from its 64 bits. */
export function numberToHalf(dtype: HalfDtype, value: number): number {
  const { exponentBits, fractionBits } = halves[dtype];
  const bias = 2 ** (exponentBits - 1) - 1;
  const infinity = (2 ** exponentBits - 1) << fractionBits;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return infinity | (1 << (fractionBits - 1));
  if (magnitude === Number.POSITIVE_INFINITY) return sign | infinity;
  const exponent = Math.max(exponentOf(magnitude), 1 - bias);
  // In units of the last place. A carry out of the fraction runs into the exponent, as it must.
  const units = roundToEven(magnitude / 2 ** (exponent - fractionBits));
  const bits = units + (exponent + bias - 1) * 2 ** fractionBits;
  return sign | Math.min(bits, infinity);
}

/** The exponent of the leading bit of a positive number; a very small one for 0. */
function exponentOf(magnitude: number): number {
  const exponent = Math.floor(Math.log2(magnitude));
  // The logarithm may round up to the next whole number.
  return 2 ** exponent > magnitude ? exponent - 1 : exponent;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
