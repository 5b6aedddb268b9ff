import type { TypedArray } from '@zc/format';

/** Fills part of a window with one token. */
export function fillWith(token: number, tokens: TypedArray, from: number, end: number): void {
  if (tokens instanceof BigInt64Array || tokens instanceof BigUint64Array)
    tokens.fill(BigInt(token), from, end);
  else tokens.fill(token, from, end);
}
