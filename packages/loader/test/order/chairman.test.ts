import fc from 'fast-check';
import { expect, test } from 'vitest';
import { takeTurns } from '../../src/order/chairman.js';

const shares = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 400 })), {
  minLength: 1,
  maxLength: 12,
});

test('each has its exact share of every beginning but for less than one, of every stretch but for two', () => {
  fc.assert(
    fc.property(shares, (shares) => {
      const { whose, rank } = takeTurns(shares);
      const period = whose.length;
      const bound = 1 - 1 / (2 * shares.length - 2);
      const had = new Float64Array(shares.length);
      const lowest = new Float64Array(shares.length);
      const highest = new Float64Array(shares.length);
      let worst = 0;
      for (let place = 0; place < period; place++) {
        if (rank[place] !== had[whose[place]!]) throw new Error(`rank at ${place}`);
        had[whose[place]!]!++;
        for (let i = 0; i < shares.length; i++) {
          const ahead = had[i]! - ((place + 1) * shares[i]!) / period;
          worst = Math.max(worst, Math.abs(ahead));
          lowest[i] = Math.min(lowest[i]!, ahead);
          highest[i] = Math.max(highest[i]!, ahead);
        }
      }
      expect([...had]).toEqual(shares);
      if (shares.length > 1) expect(worst).toBeLessThan(bound + 1e-9);
      // The pattern repeats without drifting, so any stretch, over however many periods, is between these two.
      for (let i = 0; i < shares.length; i++) expect(highest[i]! - lowest[i]!).toBeLessThan(2);
    }),
    { numRuns: 2000 },
  );
});

test('the pattern is the same for ever: saved states depend on it', () => {
  expect([...takeTurns([5, 3, 2]).whose].join('')).toMatchInlineSnapshot(`"0102010210"`);
  expect([...takeTurns([1, 1, 10]).whose].join('')).toMatchInlineSnapshot(`"222202221222"`);
});

test('the longest pattern keeps the bounds, in its rounding too', () => {
  const shares = [2 ** 20 - 3 - 99_991 - 7, 3, 99_991, 7];
  const { whose } = takeTurns(shares);
  const had = [0, 0, 0, 0];
  let worst = 0;
  whose.forEach((source, place) => {
    had[source]!++;
    for (let i = 0; i < 4; i++) {
      worst = Math.max(worst, Math.abs(had[i]! - ((place + 1) * shares[i]!) / whose.length));
    }
  });
  expect(had).toEqual(shares);
  expect(worst).toBeLessThan(1 - 1 / 6 + 1e-9);
});
