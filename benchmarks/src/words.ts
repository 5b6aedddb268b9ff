/**
 * Sum of 64-bit words given as pairs of 32-bit ones, at most 2^21 of them: halves are added apart, as doubles
 * that are exact up to 2^53.
 */
export function sumOfWords(words: Uint32Array): bigint {
  let low = 0;
  let high = 0;
  for (let i = 0; i < words.length; i += 2) {
    low += words[i]!;
    high += words[i + 1]!;
  }
  return BigInt(low) + (BigInt(high) << 32n);
}

/** Marsaglia's xorshift128: incompressible bytes, the same on every machine. */
export class Xorshift128 {
  #state: [number, number, number, number];

  constructor(seed: number) {
    this.#state = [seed, 362436069, 521288629, 88675123];
  }

  next(): number {
    const word = new Uint32Array(1);
    this.fill(word);
    return word[0]!;
  }

  fill(words: Uint32Array): void {
    let [x, y, z, w] = this.#state;
    for (let i = 0; i < words.length; i += 1) {
      const t = x ^ (x << 11);
      x = y;
      y = z;
      z = w;
      w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) | 0;
      words[i] = w >>> 0;
    }
    this.#state = [x, y, z, w];
  }
}
