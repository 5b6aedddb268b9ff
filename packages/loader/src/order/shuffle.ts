import type { OptionRule } from '../options.js';

/** Blocks of samples in random order, shuffled again inside a window. */
export interface BlockShuffle {
  /** Bytes of a block: what the disk reads in one go. */
  readonly blocks: number;
  /** Samples that are shuffled among each other: several blocks' worth. */
  readonly window: number;
}

/** How an epoch is ordered: in order, at random (`true` and `'full'` are one), or by blocks. */
export type Shuffle = boolean | 'full' | BlockShuffle;

/** A kind of shuffle in the one form that is compared and saved. */
export type ShuffleKind = boolean | BlockShuffle;

export const shuffleKind: OptionRule = {
  words: "true, false, 'full', or { blocks: bytes, window: samples }",
  allows: (value) => typeof value === 'boolean' || value === 'full' || isBlockShuffle(value),
};

export function kindOf(shuffle: Shuffle): ShuffleKind {
  if (typeof shuffle !== 'object') return shuffle !== false;
  const { blocks, window } = shuffle;
  return { blocks, window };
}

export function isBlockShuffle(value: unknown): value is BlockShuffle {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return false;
  const { blocks, window } = value as Record<keyof BlockShuffle, unknown>;
  return [blocks, window].every((count) => Number.isSafeInteger(count) && (count as number) >= 1);
}
