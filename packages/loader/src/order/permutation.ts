/**
 * Six rounds are two more than a Feistel network needs to look random. In a tiny domain a round has too few
 * different functions to choose from, and it takes more of them until all arrangements are equally likely.
 */
const ROUNDS = 6;
const ROUNDS_OF_SMALL = 12;
const SMALL_BITS = 12;

/** Both halves of a position must be exact 32-bit integers, and the whole an exact double. */
export const PERMUTATION_LENGTH_MAX = 2 ** 52;

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
  readonly #lowScale: number;
  /** Exact, for it is a power of two; a product is cheaper than a quotient. */
  readonly #highScale: number;
  readonly #lowMask: number;
  readonly #highMask: number;

  /** @param length at most PERMUTATION_LENGTH_MAX; seed and epoch are whole numbers from 0 on */
  constructor(length: number, { seed, epoch }: { seed: number; epoch: number }) {
    this.length = length;
    let bits = 2;
    while (2 ** bits < length) bits++;
    this.#keys = roundKeys(bits <= SMALL_BITS ? ROUNDS_OF_SMALL : ROUNDS, { seed, epoch });
    const highBits = bits >>> 1;
    const lowBits = bits - highBits;
    this.#lowScale = 2 ** lowBits;
    this.#highScale = 2 ** -lowBits;
    this.#lowMask = 2 ** lowBits - 1;
    this.#highMask = 2 ** highBits - 1;
  }

  /** Writes the numbers at the positions from `start` on to `out[0 … count - 1]`. */
  fill(out: Float64Array, start: number, count: number): void {
    const { length } = this;
    for (let i = 0; i < count; i++) {
      let value = this.#pass(start + i);
      while (value >= length) value = this.#pass(value);
      out[i] = value;
    }
  }

  /** Once through the network: each half in turn is masked with a function of the other one. */
  #pass(value: number): number {
    const keys = this.#keys;
    const lowMask = this.#lowMask;
    const highMask = this.#highMask;
    let high = Math.floor(value * this.#highScale);
    let low = value - high * this.#lowScale;
    for (let round = 0; round < keys.length; round += 2) {
      high ^= mix(low ^ keys[round]!) & highMask;
      low ^= mix(high ^ keys[round + 1]!) & lowMask;
    }
    return high * this.#lowScale + low;
  }
}

/** The finalizer of MurmurHash3: each bit of the input flips about half of the output's. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Two 32-bit lanes, so that seeds and epochs do not run into each other within any job's life. */
function roundKeys(rounds: number, { seed, epoch }: { seed: number; epoch: number }): Int32Array {
  let a = 0x243f6a88;
  let b = 0x13198a2e;
  for (const word of [seed, Math.floor(seed / 2 ** 32), epoch, Math.floor(epoch / 2 ** 32)]) {
    a = mix(a ^ word);
    b = mix((b + a) ^ Math.imul(word, 0x9e3779b1));
  }
  return Int32Array.from({ length: rounds }, () => {
    a = mix((a + 0x9e3779b9) | 0);
    b = mix((b + a) | 0);
    return a ^ b;
  });
}
