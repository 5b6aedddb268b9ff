import { describe, expect, test } from 'vitest';
import { BlockOrder } from '../../src/order/block-order.js';
import { Permutation } from '../../src/order/permutation.js';

/** All thresholds are at five standard deviations; seeds are fixed, so a failure means a changed function. */
const SIGMAS = 5;

const orderOf = (length: number, seed: number, epoch: number) => {
  const ids = new Float64Array(length);
  new Permutation(length, { seed, epoch }).fill(ids, 0, length);
  return ids;
};

/** Seed and epoch. */
type Key = [number, number];

/** How far a sum of `count` values of this mean and variance is from what it should be, in standard deviations. */
const sigmasOf = (
  sum: number,
  { count, mean, variance }: { count: number; mean: number; variance: number },
) => Math.abs(sum - count * mean) / Math.sqrt(count * variance);

describe('a permutation is like one drawn from all', () => {
  const runs = 3000;
  const length = 200;
  const orders = Array.from({ length: runs }, (_, i) => orderOf(length, 17 + (i % 50), Math.floor(i / 50)));

  test('in its fixed points', () => {
    const counts = orders.map((ids) => ids.filter((id, i) => id === i).length);
    const sum = counts.reduce((all, count) => all + count, 0);
    expect(sigmasOf(sum, { count: runs, mean: 1, variance: 1 })).toBeLessThan(SIGMAS);
    const without = counts.filter((count) => count === 0).length;
    const share = Math.exp(-1);
    expect(sigmasOf(without, { count: runs, mean: share, variance: share * (1 - share) })).toBeLessThan(
      SIGMAS,
    );
  });

  test('in its cycles', () => {
    const harmonic = (power: number) =>
      Array.from({ length }, (_, i) => (i + 1) ** -power).reduce((sum, term) => sum + term, 0);
    const sum = orders.reduce((all, ids) => all + cyclesOf(ids), 0);
    const moments = { count: runs, mean: harmonic(1), variance: harmonic(1) - harmonic(2) };
    expect(sigmasOf(sum, moments)).toBeLessThan(SIGMAS);
  });

  test('in its inversions', () => {
    const sum = orders.reduce((all, ids) => all + inversionsOf(ids), 0);
    const pairs = (length * (length - 1)) / 2;
    const moments = { count: runs, mean: pairs / 2, variance: (pairs * (2 * length + 5)) / 36 };
    expect(sigmasOf(sum, moments)).toBeLessThan(SIGMAS);
  });

  test('in its runs: ascents and descents alternate as by chance', () => {
    const sum = orders.reduce((all, ids) => all + ids.filter((id, i) => i > 0 && id > ids[i - 1]!).length, 0);
    const moments = { count: runs, mean: (length - 1) / 2, variance: (length + 1) / 12 };
    expect(sigmasOf(sum, moments)).toBeLessThan(SIGMAS);
  });
});

describe('orders do not know of each other', () => {
  const length = 100_000;
  const cells = 32;
  /** Of each sample its place in two orders, coarsely: chi-square of the table, in standard deviations. */
  const dependence = (a: Float64Array, b: Float64Array) => {
    const place = new Float64Array(length);
    b.forEach((id, i) => {
      place[id] = i;
    });
    const table = new Float64Array(cells * cells);
    const cellOf = (position: number) => Math.floor((position * cells) / length);
    a.forEach((id, i) => {
      table[cellOf(i) * cells + cellOf(place[id]!)]!++;
    });
    const expected = length / cells ** 2;
    const chiSquare = table.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = (cells - 1) ** 2;
    return (chiSquare - freedom) / Math.sqrt(2 * freedom);
  };

  test.each<[string, Key, Key | undefined]>([
    ['the order and the dataset', [1, 0], undefined],
    ['an epoch and the next', [1, 0], [1, 1]],
    ['an epoch and one far behind', [1, 3], [1, 1000]],
    ['a seed and the next', [1, 0], [2, 0]],
    ['seed and epoch exchanged', [4, 9], [9, 4]],
    ['seeds that differ beyond 32 bits', [7, 2], [7 + 2 ** 40, 2]],
  ])('%s', (_, one, other) => {
    const b = other === undefined ? Float64Array.from({ length }, (_, i) => i) : orderOf(length, ...other);
    expect(Math.abs(dependence(orderOf(length, ...one), b))).toBeLessThan(SIGMAS);
  });

  test('neighbours in the list, at any small distance', () => {
    const ids = orderOf(length, 5, 5);
    const mean = (length - 1) / 2;
    const variance = (length ** 2 - 1) / 12;
    for (const lag of [1, 2, 3, 7, 8, 64, 256, 1000]) {
      let sum = 0;
      for (let i = lag; i < length; i++) sum += (ids[i]! - mean) * (ids[i - lag]! - mean);
      expect(Math.abs(sum / variance) / Math.sqrt(length - lag), `lag ${lag}`).toBeLessThan(SIGMAS);
    }
  });
});

test('each sample is as likely to begin the blocks of an epoch as any other', () => {
  const length = 64;
  const runs = 6400;
  const counts = new Float64Array(length);
  for (let epoch = 0; epoch < runs; epoch++) {
    const order = new BlockOrder(length, { blockRows: 8, window: 8, seed: 2, epoch });
    counts[order.runsAt(0)[0]!.first]!++;
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - runs / length) ** 2 / (runs / length), 0);
  expect(chiSquare).toBeLessThan(63 + SIGMAS * Math.sqrt(2 * 63));
});

function cyclesOf(ids: Float64Array): number {
  const seen = new Uint8Array(ids.length);
  let cycles = 0;
  for (let i = 0; i < ids.length; i++) {
    if (seen[i]) continue;
    cycles++;
    for (let at = i; !seen[at]; at = ids[at]!) seen[at] = 1;
  }
  return cycles;
}

function inversionsOf(ids: Float64Array): number {
  let inversions = 0;
  for (let i = 0; i < ids.length; i++) for (let k = 0; k < i; k++) if (ids[k]! > ids[i]!) inversions++;
  return inversions;
}
