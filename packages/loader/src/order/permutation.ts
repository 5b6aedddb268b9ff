import { mix } from './mix.js';

/**
 * Six rounds are two more than a Feistel network needs to look random. In a tiny domain a round has too few
 * different functions to choose from, and it takes more of them until all arrangements are equally likely.
 */
const ROUNDS = 6;
const ROUNDS_OF_SMALL = 12;
const SMALL_BITS = 12;

/** Both halves of a position must be exact 32-bit integers, and the whole an exact double. */
export const PERMUTATION_LENGTH_MAX = 2 ** 52;

/** What a permutation depends on besides its length: whole numbers from 0 on. */
export interface PermutationKey {
  seed: number;
  epoch: number;
  /** Tells permutations of one epoch that serve different ends from each other. */
  use?: readonly number[];
}

/**
 * A shuffle of the numbers from 0 to `length - 1` that is computed, not stored: constant memory, and constant
 * time for any position.
 *
 * It is a Feistel network over the smallest power of two that holds the length, keyed by seed and epoch; a
 * result beyond the length is put through the network again until it falls within ("cycle walking", Black and
 * Rogaway 2002), which takes less than two passes on average. A network is a bijection whatever its round
 * function is, so each number comes exactly once.
 *
 * The numbers are the same for ever: a saved state names only seed, epoch and position.
 *
 * @example
 * const order = new Permutation(1_000_000, { seed: 7, epoch: 0 });
 * order.fill(ids, 0, 256); // the first 256 ids of the epoch
 */
export class Permutation {
  readonly length: number;
  readonly #keys: Int32Array;
  readonly #lowBits: number;
  readonly #lowMask: number;
  readonly #highMask: number;

  /** @param length at most PERMUTATION_LENGTH_MAX */
  constructor(length: number, key: PermutationKey) {
    this.length = length;
    let bits = 2;
    while (2 ** bits < length) bits++;
    this.#keys = roundKeys(bits <= SMALL_BITS ? ROUNDS_OF_SMALL : ROUNDS, key);
    const highBits = bits >>> 1;
    this.#lowBits = bits - highBits;
    this.#lowMask = 2 ** this.#lowBits - 1;
    this.#highMask = 2 ** highBits - 1;
  }

  /** Writes the numbers at the positions from `start` on to `out[0 … count - 1]`. */
  fill(out: Float64Array, start: number, count: number): void {
    const lowScale = 2 ** this.#lowBits;
    const lowMask = this.#lowMask;
    let high = Math.floor(start / lowScale);
    let low = start - high * lowScale;
    for (let done = 0; done < count; done += CHUNK) {
      const length = Math.min(CHUNK, count - done);
      for (let i = 0; i < length; i++) {
        highs[i] = high;
        lows[i] = low;
        low = (low + 1) & lowMask;
        if (low === 0) high++;
      }
      this.#pass(out, done, length);
    }
  }

  /** Puts the numbers in the place of `count` positions, in any order, from `first` on. */
  map(positions: Float64Array, first: number, count: number): void {
    const lowScale = 2 ** this.#lowBits;
    for (let done = 0; done < count; done += CHUNK) {
      const length = Math.min(CHUNK, count - done);
      for (let i = 0; i < length; i++) {
        const position = positions[first + done + i]!;
        const high = Math.floor(position / lowScale);
        highs[i] = high;
        lows[i] = position - high * lowScale;
      }
      this.#pass(positions, first + done, length);
    }
  }

  /** What stands in `highs` and `lows` goes through the network until all of it is below the length. */
  #pass(out: Float64Array, first: number, count: number): void {
    const { length } = this;
    const lowScale = 2 ** this.#lowBits;
    for (let i = 0; i < count; i++) places[i] = first + i;
    for (let left = count; left > 0; ) {
      for (let round = 0; round < this.#keys.length; round += ROUNDS) this.#sixRounds(left, round);
      // All are written, also what has to go round again: a branch would be mispredicted half of the time.
      let again = 0;
      for (let i = 0; i < left; i++) {
        const value = highs[i]! * lowScale + lows[i]!;
        out[places[i]!] = value;
        highs[again] = highs[i]!;
        lows[again] = lows[i]!;
        places[again] = places[i]!;
        again += value < length ? 0 : 1;
      }
      left = again;
    }
  }

  /** In each round one half is masked with a function of the other one. */
  #sixRounds(count: number, first: number): void {
    const lowMask = this.#lowMask;
    const highMask = this.#highMask;
    const [k0, k1, k2, k3, k4, k5] = this.#keys.subarray(first, first + ROUNDS) as unknown as SixKeys;
    for (let i = 0; i < count; i++) {
      let high = highs[i]!;
      let low = lows[i]!;
      high ^= mix(low ^ k0) & highMask;
      low ^= mix(high ^ k1) & lowMask;
      high ^= mix(low ^ k2) & highMask;
      low ^= mix(high ^ k3) & lowMask;
      high ^= mix(low ^ k4) & highMask;
      low ^= mix(high ^ k5) & lowMask;
      highs[i] = high;
      lows[i] = low;
    }
  }
}

type SixKeys = [number, number, number, number, number, number];

/** Positions that go through the network together: so few that what lies between stays in the nearest cache. */
const CHUNK = 512;
/** The halves, whole 32-bit numbers, which is what makes it fast; and where in the output their number goes. */
const highs = new Int32Array(CHUNK);
const lows = new Int32Array(CHUNK);
const places = new Int32Array(CHUNK);

/** Two 32-bit lanes, so that seeds and epochs do not run into each other within any job's life. */
export function roundKeys(rounds: number, { seed, epoch, use = [] }: PermutationKey): Int32Array {
  let a = 0x243f6a88;
  let b = 0x13198a2e;
  for (const word of [seed, epoch, ...use].flatMap((number) => [number, Math.floor(number / 2 ** 32)])) {
    a = mix(a ^ word);
    b = mix((b + a) ^ Math.imul(word, 0x9e3779b1));
  }
  return Int32Array.from({ length: rounds }, () => {
    a = mix((a + 0x9e3779b9) | 0);
    b = mix((b + a) | 0);
    return a ^ b;
  });
}
