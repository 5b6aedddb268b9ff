import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockOrder, type BlockOrderOptions } from '../../src/order/block-order.js';

const all = (length: number, options: Partial<BlockOrderOptions> = {}) => {
  const ids = new Float64Array(length);
  orderOf(length, options).fill(ids, 0, length);
  return ids;
};
const orderOf = (length: number, options: Partial<BlockOrderOptions>) =>
  new BlockOrder(length, { blockRows: 10, window: 40, seed: 1, epoch: 0, ...options });

const options = fc.record({
  blockRows: fc.integer({ min: 1, max: 60 }),
  window: fc.integer({ min: 1, max: 300 }),
  seed: fc.maxSafeNat(),
  epoch: fc.nat(),
});

test('each sample comes once, whatever the blocks and windows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), options, (length, order) => {
      expect(
        all(length, order)
          .sort()
          .every((id, i) => id === i),
      ).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('any run of positions gives what the whole gives there', () => {
  fc.assert(
    fc.property(options, fc.nat(499), fc.nat(499), (order, one, other) => {
      const [start, end] = [Math.min(one, other), Math.max(one, other)];
      const part = new Float64Array(end - start);
      orderOf(500, order).fill(part, start, end - start);
      expect(part).toEqual(all(500, order).slice(start, end));
    }),
    { numRuns: 200 },
  );
});

test('a window holds just the samples of its blocks, and these are whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), options, (length, settings) => {
      const order = orderOf(length, settings);
      for (let first = 0; first < length; first += order.window) {
        const ids = new Float64Array(Math.min(order.window, length - first));
        order.fill(ids, first, ids.length);
        const runs = order.runsAt(first);
        const wanted = runs.flatMap((run) => Array.from({ length: run.length }, (_, i) => run.first + i));
        expect([...ids.sort()]).toEqual(wanted.sort((a, b) => a - b));
        expect(runs.length).toBeLessThanOrEqual(
          1 + Math.ceil(order.window / Math.min(settings.blockRows, length)),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('a far position takes no longer than the first one, and no table', () => {
  const order = orderOf(1e12, { blockRows: 2600, window: 2 ** 16 });
  const ids = new Float64Array(1000);
  order.fill(ids, 1e12 - 1000, 1000);
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => Number.isInteger(id) && id >= 0 && id < 1e12)).toBe(true);
  expect(order.runsAt(5e11)).toHaveLength(Math.ceil(2 ** 16 / 2600));
});

test('the numbers are the same for ever: saved states depend on them', () => {
  expect(all(12, { blockRows: 3, window: 6 }).join(' ')).toMatchInlineSnapshot(`"2 5 1 4 3 0 6 11 9 10 8 7"`);
  expect(all(12, { blockRows: 3, window: 6, epoch: 1 }).join(' ')).toMatchInlineSnapshot(
    `"0 10 5 11 6 4 1 3 2 9 7 8"`,
  );
});

describe('how close it comes to a full shuffle', () => {
  // Of a dataset that lies sorted by ten classes, how far the classes of a batch are from equal shares.
  const length = 50_000;
  const batchSize = 100;
  const unevenness = (ids: Float64Array) => {
    let sum = 0;
    for (let start = 0; start < length; start += batchSize) {
      const counts = new Float64Array(10);
      for (let i = start; i < start + batchSize; i++) counts[Math.floor((ids[i]! * 10) / length)]!++;
      sum += counts.reduce((total, count) => total + Math.abs(count - batchSize / 10), 0) / 2 / batchSize;
    }
    return sum / (length / batchSize);
  };

  test('the more blocks a window has, the closer', () => {
    const by = (blocks: number) => unevenness(all(length, { blockRows: 100, window: 100 * blocks, seed: 3 }));
    const [one, few, some, many] = [by(1), by(4), by(16), by(100)];
    const full = unevenness(all(length, { blockRows: 1, window: length, seed: 3 }));
    expect(one).toBeCloseTo(0.9, 1);
    expect(few).toBeLessThan(one);
    expect(some).toBeLessThan(few);
    expect(many).toBeLessThan(some);
    expect(many).toBeLessThan(1.5 * full);
    expect(many).toBeGreaterThan(full);
  });

  test('blocks begin elsewhere in each epoch, so that neighbours part', () => {
    const startsOf = (epoch: number) => orderOf(length, { blockRows: 100, epoch }).runsAt(0)[0]!.first % 100;
    expect(new Set(Array.from({ length: 40 }, (_, epoch) => startsOf(epoch))).size).toBeGreaterThan(20);
  });
});
