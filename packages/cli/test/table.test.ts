import { expect, test } from 'vitest';
import { formatTable } from '../src/table.js';

test('columns are as wide as their widest cell, numbers to the right, no trailing blanks', () => {
  const rows = [
    ['image', '1'],
    ['x', '1000'],
  ];
  expect(formatTable(['field', 'n'], rows, ['n'])).toEqual(['field     n', 'image     1', 'x      1000']);
  expect(formatTable(['n', 'a'], [['1', '']])).toEqual(['n  a', '1']);
});
