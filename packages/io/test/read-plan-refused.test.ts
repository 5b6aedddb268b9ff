import { describe, expect, test } from 'vitest';
import { encodeReadPlan } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { rejected } from './helpers/caught.js';
import { MIB, Reading } from './helpers/reading.js';

describe.each(backends)('%s', (backend) => {
  const on = new Reading({ backend });

  describe('a plan that does not fit is refused before anything is read', () => {
    const good = () => encodeReadPlan([on.whole(0, 1000, 0, 'buffered')]);
    const cases: [string, (plan: Float64Array) => Float64Array][] = [
      ['no numbers', () => new Float64Array(0)],
      ['cut short', (plan) => plan.subarray(0, plan.length - 1)],
      ['too long', (plan) => Float64Array.of(...plan, 0)],
      ['more extents than there are', (plan) => plan.with(0, 2)],
      ['2^53 extents', (plan) => plan.with(0, 2 ** 53)],
      ['a negative count', (plan) => plan.with(0, -1)],
      ['no number', (plan) => plan.with(1, Number.NaN)],
      ['a file that is not open', (plan) => plan.with(2, 12_345)],
      ['a fraction of a file', (plan) => plan.with(2, 0.5)],
      ['a negative offset', (plan) => plan.with(3, -1)],
      ['an offset behind the file', (plan) => plan.with(3, on.size)],
      ['an infinite length', (plan) => plan.with(4, Number.POSITIVE_INFINITY)],
      ['a length beyond the file', (plan) => plan.with(4, on.size + 1)],
      ['pieces that are not there', (plan) => plan.with(6, 2)],
      ['a first piece that is not there', (plan) => plan.with(5, 1)],
      ['a way that is none', (plan) => plan.with(7, 5)],
      ['a piece beyond its extent', (plan) => plan.with(8, 1)],
      ['a piece beyond the slot', (plan) => plan.with(10, 4 * MIB - 999)],
      ['a slot offset of -2', (plan) => plan.with(10, -2)],
      ['a checksum of 33 bits', (plan) => plan.with(11, 2 ** 32)],
    ];
    test.each(cases)('%s', async (_, spoil) => {
      using lease = on.pool.acquire()!;
      const slot = new Uint8Array(lease.buffer).fill(0xaa);
      const plan = spoil(good());
      await rejected('ZC_ARGUMENT', on.engine.read(lease, plan));
      expect(slot.every((byte) => byte === 0xaa)).toBe(true);
      // Nothing of it is left behind.
      expect(on.engine.stats.batchesInFlight).toBe(0);
    });

    test('something else than numbers', async () => {
      using lease = on.pool.acquire()!;
      await rejected('ZC_ARGUMENT', on.engine.read(lease, [0, 0] as unknown as Float64Array));
    });
  });
});
