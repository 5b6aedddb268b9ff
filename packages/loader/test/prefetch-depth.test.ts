import { expect, test } from 'vitest';
import { PrefetchDepth } from '../src/passes/prefetch-depth.js';

const MIB = 2 ** 20;

/** A batch that took `readMs` to read, wanted by a consumer that was busy for `stepMs`. */
function taken(readMs: number, stepMs: number, { isCold = true } = {}) {
  const timing = { submittedMs: 100, readyMs: 100 + readMs };
  return { timing, result: { readMs: isCold ? readMs : 0 }, stepMs };
}

const options = { fixed: undefined, slotBytes: MIB, maxMemoryBytes: 1024 * MIB };

test('warm data are read as far ahead as the CPU has cache for, whatever the consumer does', () => {
  const depth = new PrefetchDepth(options);
  expect(depth.batches).toBe(8);
  for (let i = 0; i < 100; i++) depth.note(taken(50, 1, { isCold: false }));
  expect(depth.batches).toBe(8);
});

test('cold data are read as far ahead as the consumer gets in the time of a read', () => {
  const depth = new PrefetchDepth(options);
  for (let i = 0; i < 100; i++) depth.note(taken(100, 5));
  expect(depth.batches).toBe(21);
  for (let i = 0; i < 100; i++) depth.note(taken(100, 50));
  expect(depth.batches).toBe(8);
});

test('a consumer that does nothing but read gets the most there may be: 24 MiB, 64 batches, half the memory', () => {
  const most = (slotBytes: number, maxMemoryBytes: number) => {
    const depth = new PrefetchDepth({ ...options, slotBytes, maxMemoryBytes });
    depth.note(taken(100, 0));
    return depth.batches;
  };
  expect(most(2 * MIB, 2 ** 40)).toBe(12);
  expect(most(4096, 2 ** 40)).toBe(64);
  expect(most(2 * MIB, 40 * MIB)).toBe(10);
  expect(most(2 ** 33, 2 ** 30)).toBe(2);
});

test('a number that the user has asked for stays', () => {
  const depth = new PrefetchDepth({ ...options, fixed: 3 });
  for (let i = 0; i < 10; i++) depth.note(taken(100, 0));
  expect(depth.batches).toBe(3);
});
