import { closeSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BufferPool, mapSlot } from '../src/index.js';
import { thrown } from './helpers/caught.js';

test('a mapping shows the very bytes of the slot, both ways', () => {
  using pool = new BufferPool({ slotBytes: 8192, slots: 2 });
  using lease = pool.acquire()!;
  const { fd } = pool.segments[0]!;
  const { offset } = lease.slot;
  const mapped = new Uint8Array(mapSlot({ fd, offset, length: 8192 }));
  new Uint8Array(lease.buffer)[5] = 42;
  mapped[6] = 43;
  expect([mapped[5], new Uint8Array(lease.buffer)[6], mapped.length]).toEqual([42, 43, 8192]);
});

test('a mapping outlives the pool', () => {
  const pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  const { fd } = pool.segments[0]!;
  const buffer = mapSlot({ fd, offset: 4096, length: 4096 });
  pool.close();
  new Uint8Array(buffer).fill(1);
  expect(new Uint8Array(buffer)[4095]).toBe(1);
});

test('only a range of a pool’s memory is mapped', () => {
  using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  const { fd, sizeBytes } = pool.segments[0]!;
  for (const [offset, length] of [
    [0, 0],
    [1, 4096],
    [0, sizeBytes + 1],
    [sizeBytes, 1],
    [-4096, 4096],
    [2 ** 60, 4096],
  ] as const) {
    thrown('ZC_ARGUMENT', () => mapSlot({ fd, offset, length }));
  }
  const file = openSync('/proc/self/exe', 'r');
  thrown('ZC_ARGUMENT', () => mapSlot({ fd: file, offset: 0, length: 4096 }));
  closeSync(file);
  thrown('ZC_ARGUMENT', () => mapSlot({ fd: -1, offset: 0, length: 4096 }));
});
