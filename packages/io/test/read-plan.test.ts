import { expect, test } from 'vitest';
import {
  encodeReadPlan,
  PLAN_EXTENT_NUMBERS,
  PLAN_HEAD_NUMBERS,
  PLAN_PIECE_NUMBERS,
  READ_WAYS,
} from '../src/index.js';

test('extents come first, then the pieces of all of them', () => {
  const plan = encodeReadPlan([
    {
      file: 7,
      offset: 4096,
      length: 300,
      way: 'direct',
      pieces: [
        { extentOffset: 0, length: 100, slotOffset: 8192, crc32c: 0xffffffff, tag: 17 },
        { extentOffset: 200, length: 100 },
      ],
    },
    {
      file: 8,
      offset: 0,
      length: 1,
      way: 'buffered',
      pieces: [{ extentOffset: 0, length: 1, slotOffset: 0 }],
    },
  ]);
  expect([...plan]).toEqual([
    ...[2, 3],
    ...[7, 4096, 300, 0, 2, READ_WAYS.direct],
    ...[8, 0, 1, 2, 1, READ_WAYS.buffered],
    ...[0, 100, 8192, 0xffffffff, 17],
    ...[200, 100, -1, -1, 0],
    ...[0, 1, 0, -1, 0],
  ]);
  expect(plan.length).toBe(PLAN_HEAD_NUMBERS + 2 * PLAN_EXTENT_NUMBERS + 3 * PLAN_PIECE_NUMBERS);
});

test('an empty plan', () => {
  expect([...encodeReadPlan([])]).toEqual([0, 0]);
});
