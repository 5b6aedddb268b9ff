import { mix } from './mix.js';
import { Permutation } from './permutation.js';
import { apportion, wholeShares } from './whole-shares.js';

/** Arrangements that periods choose from, each of them with any rotation. */
const ARRANGEMENTS = 64;
/** Shares that have no smaller whole are dealt out over the whole list at once. */
const PERIOD_MAX = 1024;

/**
 * Deals a list out at random to several parts, in constant memory.
 *
 * Where the shares are whole numbers of a small period (0.9 and 0.1: of 10), every run of so many neighbours
 * is dealt out by itself, so that each part has its exact share of every stretch of the list, and keeps
 * neighbours near each other.
 */
export class SplitOrder {
  /** Samples of each part; together all of them. */
  readonly sizes: readonly number[];
  readonly #seed: number;
  readonly #period: number;
  readonly #periods: number;
  /** Per part: how many it has of each period, and how many the parts before it have. */
  readonly #shares: readonly number[];
  readonly #before: readonly number[];
  readonly #arrangements: Float64Array;
  /** What is left at the end of the list, dealt out by itself. */
  readonly #tail: Permutation;
  readonly #beforeInTail: readonly number[];

  /** @param weights proportions of the parts; above 0 */
  constructor(length: number, { weights, seed }: { weights: readonly number[]; seed: number }) {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const { shares, total, exact } = wholeShares(weights, Math.max(PERIOD_MAX, weights.length));
    this.#seed = seed;
    this.#shares = shares;
    this.#before = runningSums(shares);
    this.#period = total;
    this.#periods = exact && total <= PERIOD_MAX ? Math.floor(length / total) : 0;
    const left = length - this.#periods * total;
    const proportions = weights.map((weight) => weight / sum);
    const inTail = apportion(proportions, left, 0);
    this.#beforeInTail = runningSums(inTail);
    this.sizes = shares.map((share, part) => share * this.#periods + inTail[part]!);
    this.#tail = new Permutation(left, { seed, epoch: 0, use: [1] });
    this.#arrangements = new Float64Array(this.#periods > 0 ? ARRANGEMENTS * total : 0);
    for (let i = 0; i < this.#arrangements.length; i += total) {
      const order = new Permutation(total, { seed, epoch: i / total, use: [2] });
      order.fill(this.#arrangements.subarray(i), 0, total);
    }
  }

  /** Makes a part's own numbers into those of the list: the first `count`, in place. */
  number(part: number, ids: Float64Array, count: number): void {
    const share = this.#shares[part]!;
    const inPeriods = share * this.#periods;
    const firstOfTail = this.#periods * this.#period;
    for (let i = 0; i < count; i++) {
      const own = ids[i]!;
      if (own < inPeriods) {
        const period = Math.floor(own / share);
        ids[i] = period * this.#period + this.#dealt(period, this.#before[part]! + own - period * share);
        continue;
      }
      // Those of the tail come in runs, and are all there is where nothing is dealt out by periods.
      let end = i;
      for (; end < count && ids[end]! >= inPeriods; end++) ids[end]! += this.#beforeInTail[part]! - inPeriods;
      this.#tail.map(ids, i, end - i);
      for (; i < end; i++) ids[i]! += firstOfTail;
      i--;
    }
  }

  #dealt(period: number, place: number): number {
    const low = mix(period ^ mix(this.#seed));
    const drawn = mix(low + Math.floor(period / 2 ** 32)) >>> 0;
    const rotation = Math.floor(drawn / ARRANGEMENTS) % this.#period;
    const dealt = this.#arrangements[(drawn % ARRANGEMENTS) * this.#period + place]! + rotation;
    return dealt < this.#period ? dealt : dealt - this.#period;
  }
}

function runningSums(numbers: readonly number[]): number[] {
  let sum = 0;
  return numbers.map((number) => {
    sum += number;
    return sum - number;
  });
}
