import { expect, test } from 'vitest';
import { CacheUse } from '../src/reading/cache-use.js';

/** A batch of 8 MB that came from the device. */
function batch(epoch: number, waitedMs: number, stepMs: number) {
  return { epoch, result: { bytesDirect: 8e6, bytesStaged: 0 }, waitedMs, stepMs };
}

function after(count: number, ...[epoch, waitedMs, stepMs]: Parameters<typeof batch>): CacheUse {
  const use = new CacheUse();
  for (let i = 0; i < count; i++) use.note(batch(epoch, waitedMs, stepMs));
  return use;
}

test('a consumer that waits for a slow device has the page cache filled in its first epoch', () => {
  expect(after(4, 0, 20, 1).worthwhile).toBe(false);
  expect(after(8, 0, 20, 1).worthwhile).toBe(true);
  expect(after(40, 0, 4, 0.5).worthwhile).toBe(true);
});

test('a fast device is read past the page cache, and so is a slow one that nobody waits for', () => {
  expect(after(1000, 0, 3, 1).worthwhile).toBe(false);
  expect(after(1000, 0, 1, 50).worthwhile).toBe(false);
});

test('with the third epoch of a loader the page cache is worth while, whichever number it has', () => {
  const use = after(10, 7, 3, 1);
  use.note(batch(8, 3, 1));
  expect(use.worthwhile).toBe(false);
  use.note(batch(9, 3, 1));
  expect(use.worthwhile).toBe(true);
});

test('what the first batch waits for is no word on the device', () => {
  const use = after(1, 0, 5000, 0);
  for (let i = 0; i < 50; i++) use.note(batch(0, 3, 1));
  expect(use.worthwhile).toBe(false);
});
