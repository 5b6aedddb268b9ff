import { mix } from './mix.js';
import { type PermutationKey, roundKeys } from './permutation.js';

/** Random numbers by their position: any of them takes the same time, and is the same whenever it is asked for. */
export class Draws {
  readonly #keys: Int32Array;

  constructor(key: PermutationKey) {
    this.#keys = roundKeys(4, key);
  }

  /** Evenly from 0 to below 1, in steps of 2^-53. */
  at(position: number): number {
    const keys = this.#keys;
    const high = Math.floor(position / 2 ** 32);
    const a = mix(mix(position ^ keys[0]!) + (high ^ keys[1]!));
    const b = mix(mix(a + keys[2]!) ^ mix(position + keys[3]!));
    return ((a >>> 5) * 2 ** 26 + (b >>> 6)) * 2 ** -53;
  }
}
