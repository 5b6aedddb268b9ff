import { expect, test } from 'vitest';
import * as format from '../src/index.js';
import * as node from '../src/node/index.js';

test('the public names of @zc/format', () => {
  expect(Object.keys(format).sort()).toMatchSnapshot();
});

test('the public names of @zc/format/node', () => {
  expect(Object.keys(node).sort()).toMatchSnapshot();
});
