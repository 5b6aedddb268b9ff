/**
 * Which rows or blocks of a field were found right since the shard was opened: one bit each.
 *
 * Holds no memory before the first mark, and none again once everything is marked.
 */
export class Marks {
  readonly #length: number;
  #words: Uint32Array | undefined;
  #count = 0;

  constructor(length: number) {
    this.#length = length;
  }

  get full(): boolean {
    return this.#count === this.#length;
  }

  has(number: number): boolean {
    if (this.#words === undefined) return this.full;
    return (this.#words[Math.floor(number / 32)]! & (1 << (number % 32))) !== 0;
  }

  add(number: number): void {
    if (this.has(number)) return;
    this.#words ??= new Uint32Array(Math.ceil(this.#length / 32));
    this.#words[Math.floor(number / 32)]! |= 1 << (number % 32);
    this.#count++;
    if (this.full) this.#words = undefined;
  }
}
