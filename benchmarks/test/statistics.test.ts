import { describe, expect, it } from 'vitest';
import { pairedRatio, quantile, relativeHalfWidth } from '../src/statistics.js';

describe('pairedRatio', () => {
  it('is exact where every round has the same ratio, however the machine drifts', () => {
    const ratio = pairedRatio([200, 100, 50, 400], [100, 50, 25, 200]);
    expect(ratio.median).toBe(2);
    expect(ratio.low).toBeCloseTo(2);
    expect(ratio.high).toBeCloseTo(2);
  });

  it("gives Student's interval of the logarithms", () => {
    // Logarithms 0, 1, 2: mean 1, standard deviation 1, t(2) = 4.303, half width 4.303 / sqrt(3).
    const ratio = pairedRatio([1, Math.E, Math.E ** 2], [1, 1, 1]);
    expect(Math.log(ratio.low)).toBeCloseTo(1 - 4.303 / Math.sqrt(3), 6);
    expect(Math.log(ratio.high)).toBeCloseTo(1 + 4.303 / Math.sqrt(3), 6);
  });

  it('mirrors when the contenders are exchanged', () => {
    const [a, b] = [
      [3, 4, 5.5],
      [1, 1.5, 2.5],
    ];
    const there = pairedRatio(a, b);
    const back = pairedRatio(b, a);
    expect(back.low).toBeCloseTo(1 / there.high, 9);
    expect(relativeHalfWidth(back)).toBeCloseTo(relativeHalfWidth(there), 9);
  });

  it('knows nothing from one round', () => {
    expect(pairedRatio([2], [1])).toEqual({ median: 2, low: 0, high: Number.POSITIVE_INFINITY });
  });
});

describe('quantile', () => {
  it('interpolates between neighbours', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([7], 0.99)).toBe(7);
  });
});
