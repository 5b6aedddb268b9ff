import type { TypedArray } from '@zc/format';

/** Numbers as they come, and what is left of them: the least, the greatest, and the mean. */
export class ElementRange {
  #min: number | bigint | undefined;
  #max: number | bigint | undefined;
  #count = 0;
  #nans = 0;
  #sum = 0;
  /** What the sum has lost by rounding (Neumaier 1974). */
  #lost = 0;

  /** Elements of one row, as numbers. */
  add(elements: Exclude<TypedArray, BigInt64Array | BigUint64Array> | readonly number[]): void {
    const { length } = elements;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let sum = 0;
    let nans = 0;
    for (let i = 0; i < length; i++) {
      const element = elements[i]!;
      if (element < min) min = element;
      if (element > max) max = element;
      if (Number.isNaN(element)) nans++;
      else sum += element;
    }
    this.#nans += nans;
    if (length > nans) this.#take(min, max, sum, length - nans);
  }

  /** Elements of one row of 64-bit integers: their range is exact. */
  addBig(elements: BigInt64Array | BigUint64Array | readonly bigint[]): void {
    let [min, max] = [elements[0], elements[0]];
    if (min === undefined || max === undefined) return;
    let sum = 0;
    for (const element of elements) {
      if (element < min) min = element;
      if (element > max) max = element;
      sum += Number(element);
    }
    this.#take(min, max, sum, elements.length);
  }

  /** Nothing but NaN has neither range nor mean. */
  result(): { min?: number | bigint; max?: number | bigint; mean?: number; nans: number } {
    const { nans, ...rest } = { nans: this.#nans, min: this.#min, max: this.#max };
    if (rest.min === undefined || rest.max === undefined) return { nans };
    return { min: rest.min, max: rest.max, mean: (this.#sum + this.#lost) / this.#count, nans };
  }

  #take(min: number | bigint, max: number | bigint, sum: number, count: number): void {
    if (this.#min === undefined || min < this.#min) this.#min = min;
    if (this.#max === undefined || max > this.#max) this.#max = max;
    this.#count += count;
    const total = this.#sum + sum;
    this.#lost += Math.abs(this.#sum) >= Math.abs(sum) ? this.#sum - total + sum : sum - total + this.#sum;
    this.#sum = total;
  }
}
