import { ZcError } from '@zc/errors';
import { PERMUTATION_LENGTH_MAX, Permutation } from './permutation.js';

/** The order of one epoch: which sample stands at which position. */
export interface Sequence {
  readonly length: number;
  /** Writes the ids at the positions from `start` on to `out[0 … count - 1]`; all of them below `length`. */
  fill(out: Float64Array, start: number, count: number): void;
}

export interface SequenceOptions {
  samples: number;
  shuffle: boolean;
  seed: number;
  epoch: number;
}

/** One list for the whole job: a pure function of its options, whatever the ranks, the prefetch or the timing. */
export function createSequence({ samples, shuffle, seed, epoch }: SequenceOptions): Sequence {
  if (samples > PERMUTATION_LENGTH_MAX) {
    throw new ZcError('ZC_ARGUMENT', 'the dataset has more samples than an order can have', {
      expected: PERMUTATION_LENGTH_MAX,
      actual: samples,
    });
  }
  return shuffle ? new Permutation(samples, { seed, epoch }) : inOrder(samples);
}

function inOrder(length: number): Sequence {
  return {
    length,
    fill(out, start, count) {
      for (let i = 0; i < count; i++) out[i] = start + i;
    },
  };
}
