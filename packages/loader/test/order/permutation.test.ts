import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Permutation } from '../../src/order/permutation.js';

const all = (length: number, seed = 1, epoch = 0) => {
  const ids = new Float64Array(length);
  new Permutation(length, { seed, epoch }).fill(ids, 0, length);
  return ids;
};
const at = (permutation: Permutation, position: number) => {
  const one = new Float64Array(1);
  permutation.fill(one, position, 1);
  return one[0]!;
};

describe('a bijection', () => {
  test('of every small length', () => {
    for (let length = 0; length <= 600; length++) {
      expect(new Set(all(length, length, 3)), `length ${length}`).toEqual(new Set(Array(length).keys()));
    }
  });

  test('of lengths around powers of two, for any seed and epoch', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 17 }),
        fc.integer({ min: -2, max: 2 }),
        fc.maxSafeNat(),
        fc.maxSafeNat(),
        (bits, beside, seed, epoch) => {
          const ids = all(2 ** bits + beside, seed, epoch);
          expect(ids.sort().every((id, i) => id === i)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('within bounds and without repeats in a sample of very long ones', () => {
    for (const length of [2 ** 31, 2 ** 32 + 1, 1e12, 2 ** 52]) {
      const permutation = new Permutation(length, { seed: 5, epoch: 2 });
      const ids = new Float64Array(20_000);
      permutation.fill(ids, 0, 10_000);
      permutation.fill(ids.subarray(10_000), length - 10_000, 10_000);
      expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < length)).toBe(true);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });
});

test('any run of positions gives what the whole gives there', () => {
  const whole = all(5000, 9, 4);
  const part = new Float64Array(300);
  new Permutation(5000, { seed: 9, epoch: 4 }).fill(part, 1234, 300);
  expect(part).toEqual(whole.slice(1234, 1534));
});

test('the numbers are the same for ever: saved states depend on them', () => {
  expect([...all(10, 0, 0)]).toMatchInlineSnapshot(`
    [
      0,
      5,
      6,
      7,
      3,
      9,
      1,
      4,
      2,
      8,
    ]
  `);
  expect([...all(10, 0, 1)]).toMatchInlineSnapshot(`
    [
      5,
      0,
      7,
      8,
      1,
      9,
      4,
      3,
      6,
      2,
    ]
  `);
  const far = new Permutation(1e12, { seed: 2 ** 40, epoch: 3 });
  expect([0, 1, 1e12 - 1].map((position) => at(far, position))).toMatchInlineSnapshot(`
    [
      989876147663,
      454328023630,
      24984356959,
    ]
  `);
});

describe('statistics', () => {
  // Thresholds are at about five standard deviations: seeds are fixed, so a failure means a changed function.
  test('every arrangement of four comes about equally often', () => {
    const runs = 24_000;
    const counts = new Map<string, number>();
    for (let seed = 0; seed < runs; seed++) {
      const key = all(4, seed).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()], runs / 24)).toBeLessThan(23 + 5 * Math.sqrt(2 * 23));
  });

  test.each([10, 100, 257])('each id of %i comes about equally often at each position', (length) => {
    const epochs = 200 * length;
    const positions = [0, 1, length >> 1, length - 1];
    const counts = positions.map(() => new Float64Array(length));
    for (let epoch = 0; epoch < epochs; epoch++) {
      const permutation = new Permutation(length, { seed: 11, epoch });
      positions.forEach((position, i) => {
        counts[i]![at(permutation, position)]!++;
      });
    }
    const freedom = length - 1;
    for (const count of counts) {
      expect(chiSquare([...count], epochs / length)).toBeLessThan(freedom + 5 * Math.sqrt(2 * freedom));
    }
  });

  test('position and id are uncorrelated, and so are neighbours and epochs', () => {
    const length = 100_003;
    const first = all(length, 1, 0);
    const limit = 5 / Math.sqrt(length);
    const positions = Float64Array.from(first, (_, i) => i);
    expect(Math.abs(correlation(first, positions))).toBeLessThan(limit);
    expect(Math.abs(correlation(first.subarray(1), first.subarray(0, -1)))).toBeLessThan(limit);
    expect(Math.abs(correlation(first, all(length, 1, 1)))).toBeLessThan(limit);
    expect(Math.abs(correlation(first, all(length, 2, 0)))).toBeLessThan(limit);
  });

  test('neighbours in the file seldom stay neighbours, and few samples stay where they are', () => {
    const length = 65_536;
    const ids = all(length, 3, 0);
    const still = ids.filter((id, i) => id === i).length;
    const neighbours = ids.filter((id, i) => i > 0 && Math.abs(id - ids[i - 1]!) === 1).length;
    expect(still).toBeLessThan(1 + 5);
    expect(neighbours).toBeLessThan(2 + 5 * Math.sqrt(2));
  });

  test('every bit of the id is set about half of the time in any stretch of an epoch', () => {
    const permutation = new Permutation(2 ** 32, { seed: 8, epoch: 8 });
    const ids = new Float64Array(40_000);
    permutation.fill(ids, 2 ** 31 - 20_000, ids.length);
    for (let bit = 0; bit < 32; bit++) {
      const ones = ids.filter((id) => Math.floor(id / 2 ** bit) % 2 === 1).length;
      expect(Math.abs(ones - ids.length / 2)).toBeLessThan(5 * Math.sqrt(ids.length / 4));
    }
  });
});

function chiSquare(counts: number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let ab = 0;
  let aa = 0;
  let bb = 0;
  a.forEach((value, i) => {
    ab += (value - meanA) * (b[i]! - meanB);
    aa += (value - meanA) ** 2;
    bb += (b[i]! - meanB) ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}
