import { ZcError } from '@zc/errors';

const TWO_32 = 2 ** 32;

/** The greatest high word of a u64 that is a safe integer. */
const HIGH_MAX = 2 ** 21 - 1;

/**
 * Reads a u64 as a number (specification, section 1).
 *
 * `what` names the value, `place` the file and where the view begins in it, for the error.
 *
 * @throws ZC_FORMAT_LIMIT above 2^53 - 1.
 */
export function readU64(
  view: DataView,
  at: number,
  what: string,
  place: { name: string; offset: number },
): number {
  const high = view.getUint32(at + 4, true);
  if (high > HIGH_MAX) {
    throw new ZcError('ZC_FORMAT_LIMIT', `${what} is ${view.getBigUint64(at, true)}, above 2^53 - 1`, {
      path: place.name,
      offset: place.offset + at,
      expected: Number.MAX_SAFE_INTEGER,
      actual: view.getBigUint64(at, true),
    });
  }
  return high * TWO_32 + view.getUint32(at, true);
}

/** Writes a safe integer as a u64. */
export function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % TWO_32, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}
