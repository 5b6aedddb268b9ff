import type { Settings } from '../../src/harness.js';

/** The order of an epoch: as the rows lie, or shuffled, in each epoch differently. */
export function idsOf({ data, shuffle }: Settings, epoch: number): Uint32Array {
  return shuffle ? shuffledIds(data.rows, epoch) : Uint32Array.from({ length: data.rows }, (_, i) => i);
}

/** Fisher-Yates with a small generator: the order of the rivals that bring none of their own. */
export function shuffledIds(count: number, seed: number): Uint32Array {
  const ids = Uint32Array.from({ length: count }, (_, i) => i);
  let state = seed | 1;
  for (let i = count - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [ids[i], ids[j]] = [ids[j]!, ids[i]!];
  }
  return ids;
}
