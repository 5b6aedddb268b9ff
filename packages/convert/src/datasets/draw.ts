import { ZcError } from '@zc/errors';

/** Draws are whole numbers below this: what a double holds exactly. */
export const DRAW_LIMIT = 2 ** 52;

/**
 * A random number for each sample of a dataset: a pure function of the seed and the sample's place, so that each run
 * draws the same ones and none has to be kept.
 *
 * Two rounds of MurmurHash3's finalizer, keyed by the seed, for each half of the number. The numbers are the same for
 * ever: a seed in somebody's notes names a split.
 */
export class Draw {
  readonly #keys: readonly [number, number, number];

  /** @throws ZC_ARGUMENT for a seed that is no whole number from 0 */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new ZcError('ZC_ARGUMENT', `the seed is ${seed}, expected a whole number from 0`, {
        actual: seed,
      });
    }
    const low = mix(seed ^ 0x243f6a88);
    const high = mix(low ^ Math.floor(seed / 2 ** 32) ^ 0x13198a2e);
    this.#keys = [mix(high ^ 0x03707344), mix(high ^ 0x082efa98), mix(high ^ 0x452821e6)];
  }

  /** The number of sample `i`: from 0 to `DRAW_LIMIT - 1`, all equally likely. */
  at(i: number): number {
    const [k0, k1, k2] = this.#keys;
    const first = mix(mix(i ^ k0) ^ Math.floor(i / 2 ** 32) ^ k1);
    const second = mix(mix(first ^ k2) + Math.imul(i, 0x9e3779b1));
    return (first >>> 6) * 2 ** 26 + (second >>> 6);
  }
}

function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
