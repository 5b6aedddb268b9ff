import { readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { BufferPool, SLOT_BYTES_MAX } from '../src/index.js';
import { rejected, thrown } from './helpers/caught.js';

const options = { slotBytes: 10_000, slots: 2 };

test('slots are leased until there are none, and the one freed last comes first', () => {
  using pool = new BufferPool(options);
  const first = pool.acquire()!;
  const second = pool.acquire()!;
  expect(pool).toMatchObject({ leased: 2, capacity: 2, slotBytes: 10_000 });
  expect(pool.acquire()).toBeNull();
  first.release();
  second.release();
  expect(pool.leased).toBe(0);
  expect(pool.acquire()!.slot.index).toBe(second.slot.index);
});

test('a slot lies in the segment where it says', () => {
  using pool = new BufferPool(options);
  const lease = pool.acquire()!;
  new Uint8Array(lease.buffer).fill(42);
  const [segment] = pool.segments;
  expect(lease.slot.offset).toBeGreaterThanOrEqual(segment!.controlBytes);
  expect(lease.slot.offset % 4096).toBe(0);
  const found = new Uint8Array(10_000);
  expect(readSync(segment!.fd, found, 0, 10_000, lease.slot.offset)).toBe(10_000);
  expect(found.every((byte) => byte === 42)).toBe(true);
});

test('the generation of a slot rises with each lease', () => {
  using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  const generations = [1, 2, 3].map(() => {
    using lease = pool.acquire()!;
    return lease.slot.generation;
  });
  expect(generations).toEqual([1, 2, 3]);
  expect(pool.releasedGeneration({ segment: 0, index: 0 })).toBe(0);
  thrown('ZC_ARGUMENT', () => pool.releasedGeneration({ segment: 0, index: 1 }));
  thrown('ZC_ARGUMENT', () => pool.releasedGeneration({ segment: 1, index: 0 }));
});

test('a slot that no typed array could show is refused before there is any memory', () => {
  const error = thrown('ZC_ARGUMENT', () => new BufferPool({ slotBytes: SLOT_BYTES_MAX + 4096, slots: 1 }));
  expect(error.message).toContain('slotBytes is 4294971392, the largest possible is 4294967296');
});

test.each([[undefined], [null], [7], [{}]])('options that are %j are refused', (options) => {
  thrown('ZC_ARGUMENT', () => new BufferPool(options as never));
});

describe('growing', () => {
  test('adds a segment within the budget', () => {
    using pool = new BufferPool({ ...options, maxMemoryBytes: 60_000 });
    expect(pool.grow()).toBe(true);
    expect(pool.capacity).toBe(3);
    expect(pool.segments.map(({ slots }) => slots)).toEqual([2, 1]);
    const leases = [pool.acquire()!, pool.acquire()!, pool.acquire()!];
    expect(leases.map(({ slot }) => slot.segment).sort()).toEqual([0, 0, 1]);
    expect(pool.grow()).toBe(false);
  });

  test('is refused without a budget', () => {
    using pool = new BufferPool(options);
    expect(pool.grow()).toBe(false);
  });

  test('serves who waits', async () => {
    using pool = new BufferPool({ slotBytes: 4096, slots: 1, maxMemoryBytes: 2 ** 20 });
    pool.acquire();
    const waiting = pool.acquireAsync();
    pool.grow();
    expect((await waiting).slot.segment).toBe(1);
  });
});

describe('waiting', () => {
  test('those who wait are served in their order', async () => {
    using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
    const held = await pool.acquireAsync();
    const order: number[] = [];
    const waiting = [0, 1, 2].map(async (i) => {
      using _ = await pool.acquireAsync();
      order.push(i);
    });
    await setImmediate();
    expect(order).toEqual([]);
    held.release();
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2]);
    expect(pool.leased).toBe(0);
  });

  test('a signal ends it, before or while waiting', async () => {
    using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
    const held = pool.acquire()!;
    const abort = new AbortController();
    const waiting = pool.acquireAsync(abort.signal);
    abort.abort(new Error('enough'));
    expect((await rejected('ZC_ABORTED', waiting)).cause).toMatchObject({ message: 'enough' });
    await rejected('ZC_ABORTED', pool.acquireAsync(abort.signal));
    held.release();
    expect(pool.leased).toBe(0);
  });

  test('closing the pool ends it', async () => {
    const pool = new BufferPool({ slotBytes: 4096, slots: 1 });
    pool.acquire();
    const waiting = pool.acquireAsync();
    pool.close();
    await rejected('ZC_IO_CLOSED', waiting);
    thrown('ZC_IO_CLOSED', () => pool.acquire());
    await rejected('ZC_IO_CLOSED', pool.acquireAsync());
  });
});

test.each([
  { slotBytes: 0, slots: 1 },
  { slotBytes: 4096, slots: 0 },
  { slotBytes: 1.5, slots: 1 },
  { slotBytes: 4096, slots: 2 ** 40 },
  { slotBytes: Number.NaN, slots: 1 },
])('sizes that cannot be are refused: %o', (sizes) => {
  thrown('ZC_ARGUMENT', () => new BufferPool(sizes));
});

test('more memory than there is is a coded error', () => {
  const error = (() => {
    try {
      return new BufferPool({ slotBytes: 2 ** 45, slots: 1024 });
    } catch (error) {
      return error;
    }
  })();
  expect(error).toMatchObject({ code: expect.stringMatching(/^ZC_(IO_MEMORY|ARGUMENT)$/) });
});
