import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readAhead } from '../src/sources/read-ahead.js';

const bytes = (length: number) => ({ byteLength: length });

test('results come in the order of the items, however long each takes', async () => {
  const items = Array.from({ length: 50 }, (_, i) => i);
  const seen: number[] = [];
  const read = async (item: number) => {
    for (let i = 0; i < item % 7; i++) await turn();
    return { byteLength: 1, item };
  };
  for await (const { item, result } of readAhead(items, read)) {
    expect(result.item).toBe(item);
    seen.push(item);
  }
  expect(seen).toEqual(items);
});

test('small items are read sixteen at a time, large ones one at a time', async () => {
  for (const [byteLength, most] of [
    [1000, 16],
    [2 ** 30, 1],
  ] as const) {
    let reading = 0;
    const seen: number[] = [];
    const read = async () => {
      seen.push(++reading);
      await turn();
      reading--;
      return bytes(byteLength);
    };
    for await (const _ of readAhead(Array(40).fill(0), read)) await turn();
    expect(Math.max(...seen)).toBe(most);
  }
});

test('a failure is thrown when its turn comes', async () => {
  const seen: number[] = [];
  const run = async () => {
    const read = async (item: number) => {
      if (item === 3) throw new Error('third');
      return bytes(1);
    };
    for await (const { item } of readAhead([0, 1, 2, 3, 4], read)) seen.push(item);
  };
  await expect(run()).rejects.toThrow('third');
  expect(seen).toEqual([0, 1, 2]);
});

test('ending early waits for what is being read', async () => {
  let reading = 0;
  const read = async () => {
    reading++;
    await turn();
    reading--;
    return bytes(1);
  };
  for await (const _ of readAhead(Array(100).fill(0), read)) break;
  expect(reading).toBe(0);
});
