import { mix } from '../order/mix.js';

/**
 * Random numbers that are looked up, not drawn in turn: each is a pure function of seed, epoch, position in the
 * job's list and purpose. So a sample is augmented alike whatever the ranks, the batch size and the prefetch.
 *
 * The numbers are the same for ever, as those of `Permutation` are.
 *
 * @example
 * const draws = new RowDraws({ seed: 7, epoch: 0 });
 * draws.number(position, 0); // from 0 on, below 1
 */
export class RowDraws {
  readonly seed: number;
  readonly epoch: number;
  readonly #a: number;
  readonly #b: number;

  /** @param key whole numbers from 0 on */
  constructor({ seed, epoch }: { seed: number; epoch: number }) {
    this.seed = seed;
    this.epoch = epoch;
    let a = 0x6a09e667;
    let b = 0xbb67ae85;
    for (const word of [seed, Math.floor(seed / 2 ** 32), epoch, Math.floor(epoch / 2 ** 32)]) {
      a = mix(a ^ word);
      b = mix((b + a) ^ Math.imul(word, 0x9e3779b1));
    }
    this.#a = a;
    this.#b = b;
  }

  /** At least 0 and below 1, in steps of 2^-32. */
  number(position: number, purpose: number): number {
    const high = Math.floor(position / 2 ** 32);
    const first = mix(this.#a ^ position ^ Math.imul(high, 0x85ebca77));
    return (mix((first + this.#b) ^ Math.imul(purpose + 1, 0x9e3779b1)) >>> 0) / 2 ** 32;
  }

  /** A whole number at least 0 and below `end`. */
  below(end: number, position: number, purpose: number): number {
    return Math.floor(this.number(position, purpose) * end);
  }
}
