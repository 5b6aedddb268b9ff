import { describe, expect, test } from 'vitest';
import { BufferPool } from '../src/index.js';
import { thrown } from './helpers/caught.js';
import { runChild } from './helpers/child.js';

test('one buffer a lease, detached with it', () => {
  using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  const lease = pool.acquire()!;
  const { buffer } = lease;
  const view = new Uint8Array(buffer);
  expect(lease.buffer).toBe(buffer);
  expect(buffer.byteLength).toBe(4096);
  lease.release();
  expect([buffer.byteLength, view.length, lease.released]).toEqual([0, 0, true]);
  thrown('ZC_IO_CLOSED', () => lease.buffer);
  thrown('ZC_IO_CLOSED', () => lease.retain());
  expect(pool.acquire()!.buffer).not.toBe(buffer);
});

test('each reference must be given back', () => {
  using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  const lease = pool.acquire()!;
  const view = new Uint8Array(lease.buffer);
  expect(lease.retain()).toBe(lease);
  lease.release();
  expect([view.length, lease.released, pool.leased]).toEqual([4096, false, 1]);
  lease.release();
  expect([view.length, lease.released, pool.leased]).toEqual([0, true, 0]);
});

test('releasing once too often does not end the next lease of the slot', () => {
  using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  const lease = pool.acquire()!;
  lease.release();
  using next = pool.acquire()!;
  lease.release();
  expect([pool.leased, next.released]).toEqual([1, false]);
});

test('what is written is there for the next lease', () => {
  using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  {
    using lease = pool.acquire()!;
    new Uint8Array(lease.buffer)[7] = 42;
  }
  using next = pool.acquire()!;
  expect(new Uint8Array(next.buffer)[7]).toBe(42);
});

test('leases and their buffers outlive the pool', () => {
  const pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  const lease = pool.acquire()!;
  pool.close();
  new Uint8Array(lease.buffer).fill(1);
  lease.release();
  expect(pool.leased).toBe(0);
});

test('the buffer cannot be transferred to another thread: it is refused or copied, as Node’s release has it', () => {
  using pool = new BufferPool({ slotBytes: 4096, slots: 1 });
  using lease = pool.acquire()!;
  const { buffer } = lease;
  try {
    structuredClone(buffer, { transfer: [buffer] });
  } catch (error) {
    expect(error).toMatchObject({ name: 'DataCloneError' });
  }
  expect(buffer.byteLength).toBe(4096);
});

describe('without detaching', () => {
  test('views go on showing the slot, and each slot has one buffer', () => {
    using pool = new BufferPool({ slotBytes: 4096, slots: 1, detach: false });
    const lease = pool.acquire()!;
    const view = new Uint8Array(lease.buffer);
    lease.release();
    expect([view.length, pool.leased]).toEqual([4096, 0]);
    using next = pool.acquire()!;
    expect(next.buffer).toBe(view.buffer);
    new Uint8Array(next.buffer)[0] = 9;
    expect(view[0]).toBe(9);
    thrown('ZC_IO_CLOSED', () => lease.buffer);
  });
});

test('large buffers that come and go start no collections', async () => {
  const { code, stdout, stderr } = await runChild('lease-and-release.ts');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(Number(stdout)).toBeLessThan(20);
});
