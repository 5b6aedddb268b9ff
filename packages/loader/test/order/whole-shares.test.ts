import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import { apportion, wholeShares } from '../../src/order/whole-shares.js';

test.each([
  [[1], [1], 1],
  [[0.7, 0.3], [7, 3], 10],
  [[0.1, 0.2, 0.7], [1, 2, 7], 10],
  [[3, 9], [1, 3], 4],
  [[1 / 3, 2 / 3], [1, 2], 3],
  [[0.123456, 0.876544], [1929, 13_696], 15_625],
  [[0.000001, 0.999999], [1, 999_999], 1_000_000],
])('%j are exact', (weights, shares, total) => {
  expect(wholeShares(weights, 2 ** 20)).toEqual({ shares, total, exact: true });
});

test('others are as near as the longest total allows, and none is forgotten', () => {
  expect(wholeShares([Math.SQRT2, 1], 100)).toEqual({ shares: [59, 41], total: 100, exact: false });
  expect(wholeShares([1e12, 1, 1], 100)).toEqual({ shares: [98, 1, 1], total: 100, exact: false });
});

test('apportioned numbers have the sum that is asked for, and are near their proportions', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 1, maxLength: 9 }),
      fc.integer({ min: 0, max: 10_000 }),
      (weights, total) => {
        const sum = weights.reduce((all, weight) => all + weight, 0);
        const proportions = weights.map((weight) => weight / sum);
        const shares = apportion(proportions, total, 0);
        expect(shares.reduce((all, share) => all + share, 0)).toBe(total);
        shares.forEach((share, i) => {
          expect(Math.abs(share - proportions[i]! * total)).toBeLessThan(1 + 1e-6);
        });
      },
    ),
    { numRuns: 1000 },
  );
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 'much'])(
  'a weight of %s is refused',
  async (weight) => {
    await failure('ZC_ARGUMENT', () => wholeShares([1, weight as number], 100));
  },
);

test('weights that sum to Infinity have no shares', async () => {
  await failure('ZC_ARGUMENT', () => wholeShares([1e308, 1e308, 1], 100));
});
