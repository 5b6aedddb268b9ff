import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SplitOrder } from '../../src/order/split-order.js';

const partOf = (order: SplitOrder, part: number) => {
  const ids = Float64Array.from({ length: order.sizes[part]! }, (_, i) => i);
  order.number(part, ids, ids.length);
  return ids;
};

test('parts share nothing, leave nothing out, and have their proportions', () => {
  const weights = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0.01, max: 1, noNaN: true })),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(fc.nat(700), weights, fc.maxSafeNat(), (length, weights, seed) => {
      const order = new SplitOrder(length, { weights, seed });
      const parts = weights.map((_, part) => partOf(order, part));
      const ids = parts.flatMap((part) => [...part]).sort((a, b) => a - b);
      expect(ids).toEqual(Array.from({ length }, (_, i) => i));
      const sum = weights.reduce((all, weight) => all + weight, 0);
      parts.forEach((part, i) => {
        expect(Math.abs(part.length - (length * weights[i]!) / sum)).toBeLessThan(1 + 1e-6);
      });
    }),
    { numRuns: 400 },
  );
});

test('each sample is as likely to be in a part as any other, and pairs are too', () => {
  const runs = 1500;
  const length = 40;
  const counts = new Float64Array(length);
  const pairs = new Float64Array(9);
  for (let seed = 0; seed < runs; seed++) {
    const chosen = partOf(new SplitOrder(length, { weights: [7, 2, 1], seed }), 1);
    for (const id of chosen) counts[id]!++;
    // The two of the second ten: how far they lie apart.
    const [a, b] = [...chosen].filter((id) => id >= 10 && id < 20) as [number, number];
    pairs[Math.abs(b - a) - 1]!++;
  }
  const chiSquare = (observed: Float64Array, expected: (i: number) => number) =>
    observed.reduce((sum, count, i) => sum + (count - expected(i)) ** 2 / expected(i), 0);
  // Five standard deviations of chi-square; seeds are fixed.
  expect(chiSquare(counts, () => runs / 5)).toBeLessThan(39 + 5 * Math.sqrt(2 * 39));
  expect(chiSquare(pairs, (i) => (runs * (9 - i)) / 45)).toBeLessThan(8 + 5 * Math.sqrt(2 * 8));
});

test('it takes no table: a part of 10^12 samples is asked at its end', () => {
  const order = new SplitOrder(1e12 + 7, { weights: [0.9, 0.1], seed: 4 });
  const ids = Float64Array.from({ length: 1000 }, (_, i) => order.sizes[1]! - 1000 + i);
  order.number(1, ids, ids.length);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => id > 1e12 - 10_010 && id < 1e12 + 7)).toBe(true);
});

test('there may be more parts than a period has places', () => {
  for (const weightOf of [() => 1, (part: number) => 1 + part]) {
    const weights = Array.from({ length: 1500 }, (_, part) => weightOf(part));
    const order = new SplitOrder(4000, { weights, seed: 3 });
    const ids = weights.flatMap((_, part) => [...partOf(order, part)]).sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 4000 }, (_, i) => i));
  }
});
