import { describe, expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import { AliasTable, checkWeights, WeightedDraw } from '../../src/order/weighted-order.js';

const weights = Float64Array.of(5, 0, 1, 0.5, 3, 0.5);
const list = (order: AliasTable | WeightedDraw, length: number, key = { seed: 1, epoch: 0 }) => {
  const ids = new Float64Array(length);
  order.sequence(length, key).fill(ids, 0, length);
  return ids;
};
const countsOf = (ids: Iterable<number>) => {
  const counts = new Float64Array(weights.length);
  for (const id of ids) counts[id]!++;
  return counts;
};
const chiSquare = (counts: ArrayLike<number>, expected: ArrayLike<number>) =>
  Array.from(counts).reduce(
    (sum, count, i) => sum + (expected[i]! && (count - expected[i]!) ** 2 / expected[i]!),
    0,
  );

describe('with replacement', () => {
  test('samples come as often as their weights say', () => {
    const counts = countsOf(list(new AliasTable(weights), 100_000));
    expect(counts[1]).toBe(0);
    expect(
      chiSquare(
        counts,
        weights.map((weight) => weight * 10_000),
      ),
    ).toBeLessThan(4 + 5 * Math.sqrt(8));
  });

  test('draws do not depend on those before them', () => {
    const ids = list(new AliasTable(weights), 100_000);
    const pairs = new Float64Array(36);
    for (let i = 1; i < ids.length; i++) pairs[ids[i - 1]! * 6 + ids[i]!]!++;
    const expected = Float64Array.from(pairs, (_, i) => weights[Math.floor(i / 6)]! * weights[i % 6]! * 1000);
    expect(chiSquare(pairs, expected)).toBeLessThan(24 + 5 * Math.sqrt(48));
  });

  test('a position gives the same whatever was asked for before it; another epoch or seed gives others', () => {
    const order = new AliasTable(weights);
    const whole = list(order, 1000);
    const part = new Float64Array(10);
    order.sequence(1000, { seed: 1, epoch: 0 }).fill(part, 500, 10);
    expect(part).toEqual(whole.slice(500, 510));
    expect(list(order, 1000, { seed: 1, epoch: 1 })).not.toEqual(whole);
    expect(list(order, 1000, { seed: 2, epoch: 0 })).not.toEqual(whole);
  });

  test('of many samples with very different weights', () => {
    const many = Float64Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1000 : i / 1000));
    const counts = new Float64Array(1000);
    for (const id of list(new AliasTable(many), 200_000)) counts[id]!++;
    const sum = many.reduce((all, weight) => all + weight, 0);
    const heavy = counts.filter((_, i) => i % 10 === 0);
    const expected = heavy.map(() => (1000 / sum) * 200_000);
    expect(chiSquare(heavy, expected)).toBeLessThan(99 + 5 * Math.sqrt(2 * 99));
  });
});

describe('without replacement', () => {
  test('each comes once, the first ones as drawing one after the other would', () => {
    const order = new WeightedDraw(weights);
    const runs = 20_000;
    const first = new Float64Array(6);
    const firstTwo = new Float64Array(36);
    for (let epoch = 0; epoch < runs; epoch++) {
      const ids = list(order, 5, { seed: 3, epoch });
      if (new Set(ids).size !== 5) throw new Error(`epoch ${epoch}: ${ids}`);
      first[ids[0]!]!++;
      firstTwo[ids[0]! * 6 + ids[1]!]!++;
    }
    expect(
      chiSquare(
        first,
        weights.map((weight) => weight * (runs / 10)),
      ),
    ).toBeLessThan(4 + 5 * Math.sqrt(8));
    const expected = Float64Array.from(firstTwo, (_, i) => {
      const [a, b] = [Math.floor(i / 6), i % 6];
      return a === b ? 0 : (runs * weights[a]! * weights[b]!) / 10 / (10 - weights[a]!);
    });
    expect(chiSquare(firstTwo, expected)).toBeLessThan(19 + 5 * Math.sqrt(38));
  });

  test('equal weights give a plain shuffle', () => {
    const ids = list(new WeightedDraw(new Float64Array(1000).fill(7)), 1000);
    expect(ids).not.toEqual(ids.slice().sort());
    expect(ids.slice().sort()).toEqual(Float64Array.from({ length: 1000 }, (_, i) => i));
  });
});

test.each([
  [[1, 2], 'there must be a weight for each sample'],
  [[1, -2, 3], 'the weight of sample 1 is -2'],
  [[1, Number.NaN, 3], 'the weight of sample 1 is NaN'],
  [[0, 0, 0], 'the weights sum to 0'],
])('weights %j for three samples are refused', async (weights, says) => {
  const error = await failure('ZC_ARGUMENT', () => checkWeights(weights, 3));
  expect(error.summary).toBe(says);
});

test('weights may be the smallest numbers there are', () => {
  const ids = list(new AliasTable(Float64Array.of(0, 5e-324, 0)), 1000);
  expect(new Set(ids)).toEqual(new Set([1]));
});
