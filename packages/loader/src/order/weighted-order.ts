import { ZcError } from '@zc/errors';
import { Draws } from './draws.js';
import type { PermutationKey } from './permutation.js';
import type { Sequence } from './sequence.js';

/** What the draws of an epoch are for. */
const USES = { cell: 11, side: 12, key: 13 };

/** Chances of samples, drawn from again and again. */
export interface WeightedOrder {
  /** A list of `length` samples for an epoch. */
  sequence(length: number, key: PermutationKey): Sequence;
}

/**
 * Draws with replacement, by an alias table (Walker 1977, in the form of Vose 1991): 12 bytes a sample, and
 * constant time for any position.
 */
export class AliasTable implements WeightedOrder {
  /** How much of a cell is its own number's; the rest is its alias's. */
  readonly #own: Float64Array;
  readonly #alias: Uint32Array;

  /** @param weights as `checkWeights` wants them */
  constructor(weights: Float64Array) {
    const { length } = weights;
    // Against the largest, for the mean of the smallest numbers there are would be none.
    const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
    const mean = weights.reduce((sum, weight) => sum + weight / largest, 0) / length;
    const own = Float64Array.from(weights, (weight) => weight / largest / mean);
    const alias = new Uint32Array(length);
    const stack = new Uint32Array(length);
    // Cells that have too little lie at the front of the stack, those with too much at its back.
    let little = 0;
    let much = length;
    for (let i = 0; i < length; i++) {
      if (own[i]! < 1) stack[little++] = i;
      else stack[--much] = i;
    }
    while (little > 0 && much < length) {
      const small = stack[--little]!;
      const large = stack[much]!;
      alias[small] = large;
      own[large]! += own[small]! - 1;
      if (own[large]! < 1) {
        much++;
        stack[little++] = large;
      }
    }
    // What is left is whole but for rounding.
    while (little > 0) own[stack[--little]!] = 1;
    while (much < length) own[stack[much++]!] = 1;
    this.#own = own;
    this.#alias = alias;
  }

  sequence(length: number, { seed, epoch }: PermutationKey): Sequence {
    const cells = new Draws({ seed, epoch, use: [USES.cell] });
    const sides = new Draws({ seed, epoch, use: [USES.side] });
    const own = this.#own;
    const alias = this.#alias;
    return {
      length,
      fill(out, start, count) {
        for (let i = 0; i < count; i++) {
          const cell = Math.floor(cells.at(start + i) * own.length);
          out[i] = sides.at(start + i) < own[cell]! ? cell : alias[cell]!;
        }
      },
    };
  }
}

/**
 * Draws without replacement: samples in the order of -ln(u) / weight with u drawn for each of them, which is
 * what drawing one after the other comes to (Efraimidis and Spirakis 2006).
 *
 * An epoch's list is made at its beginning, which takes the time of sorting all samples.
 */
export class WeightedDraw implements WeightedOrder {
  readonly #weights: Float64Array;

  /** @param weights as `checkWeights` wants them */
  constructor(weights: Float64Array) {
    this.#weights = weights;
  }

  sequence(length: number, { seed, epoch }: PermutationKey): Sequence {
    const ids = this.#sorted({ seed, epoch });
    return {
      length,
      fill(out, start, count) {
        out.set(ids.subarray(start, start + count));
      },
    };
  }

  /** Sorting numbers is many times faster than sorting by a function: ids take the lowest bits of their keys. */
  #sorted(key: PermutationKey): Float64Array {
    const draws = new Draws({ ...key, use: [USES.key] });
    const weights = this.#weights;
    const count = weights.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0);
    const keys = new Float64Array(count);
    const words = new Uint32Array(keys.buffer);
    const mask = 2 ** Math.ceil(Math.log2(Math.max(2, weights.length))) - 1;
    for (let id = 0, at = 0; id < weights.length; id++) {
      if (weights[id]! === 0) continue;
      keys[at] = -Math.log(1 - draws.at(id)) / weights[id]!;
      words[2 * at] = ((words[2 * at]! & ~mask) | id) >>> 0;
      at++;
    }
    keys.sort();
    for (let at = 0; at < count; at++) keys[at] = (words[2 * at]! & mask) >>> 0;
    return keys;
  }
}

/**
 * The weights of `length` samples, copied.
 *
 * @throws ZC_ARGUMENT where there are not as many, one is not a number from 0 on, or all are 0
 */
export function checkWeights(weights: ArrayLike<number>, length: number): Float64Array {
  if (weights?.length !== length || length > WEIGHTS_MAX) {
    throw new ZcError('ZC_ARGUMENT', 'there must be a weight for each sample', {
      expected: Math.min(length, WEIGHTS_MAX),
      actual: weights?.length,
    });
  }
  const checked = Float64Array.from(weights);
  const sum = checked.reduce((total, weight) => total + weight, 0);
  const wrong = checked.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (wrong >= 0 || !(sum > 0 && sum < Number.POSITIVE_INFINITY)) {
    const what =
      wrong >= 0 ? `the weight of sample ${wrong} is ${weights[wrong]}` : `the weights sum to ${sum}`;
    throw new ZcError('ZC_ARGUMENT', what, {
      advice: 'Weights are numbers from 0 on, of which at least one is above 0.',
    });
  }
  return checked;
}

/** An id is a 32-bit number in the tables. */
const WEIGHTS_MAX = 2 ** 32;
