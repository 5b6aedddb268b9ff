import { ZcError } from '@zc/errors';
import { BlockOrder, type BlockWindows } from './block-order.js';
import { PERMUTATION_LENGTH_MAX, Permutation } from './permutation.js';
import type { ShuffleKind } from './shuffle.js';

/** The order of one epoch: which sample stands at which position. */
export interface Sequence {
  readonly length: number;
  /** Writes the ids at the positions from `start` on to `out[0 … count - 1]`; all of them below `length`. */
  fill(out: Float64Array, start: number, count: number): void;
  /** Of an order by blocks, where they lie. */
  readonly windows?: BlockWindows | undefined;
}

/** What an epoch's order depends on, besides what is ordered. */
export interface OrderOptions {
  shuffle: ShuffleKind;
  seed: number;
  epoch: number;
}

export interface SequenceOptions extends OrderOptions {
  length: number;
  /** What a sample takes in its file, on average. */
  bytesPerRow: number;
}

/** One list for the whole job: a pure function of its options, whatever the ranks, the prefetch or the timing. */
export function createSequence({ length, bytesPerRow, shuffle, seed, epoch }: SequenceOptions): Sequence {
  if (length > PERMUTATION_LENGTH_MAX) {
    throw new ZcError('ZC_ARGUMENT', 'the dataset has more samples than an order can have', {
      expected: PERMUTATION_LENGTH_MAX,
      actual: length,
    });
  }
  if (shuffle === false) return inOrder(length);
  if (shuffle === true) return new Permutation(length, { seed, epoch });
  const { blocks, window } = shuffle;
  const blockRows = Math.max(1, Math.round(blocks / Math.max(1, bytesPerRow)));
  return new BlockOrder(length, { blockRows, window, seed, epoch });
}

function inOrder(length: number): Sequence {
  return {
    length,
    fill(out, start, count) {
      for (let i = 0; i < count; i++) out[i] = start + i;
    },
  };
}
