import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { expandPaths } from '../src/input-paths.js';

test.each([
  ['a.tar', ['a.tar']],
  ['t-{000..002}.tar', ['t-000.tar', 't-001.tar', 't-002.tar']],
  ['{a,b}/{1,2}.npy', ['a/1.npy', 'a/2.npy', 'b/1.npy', 'b/2.npy']],
  ['-', ['-']],
])('%s', (input, expected) => {
  expect(expandPaths(input)).toEqual(expected);
});

test('the paths of several inputs keep their order', () => {
  expect(expandPaths(['z.tar', '{b,a}.tar'])).toEqual(['z.tar', 'b.tar', 'a.tar']);
});

test('a file that is there is meant literally, braces and all', () => {
  const path = join(temporaryDirectory(), '{a,b}.tar');
  writeFileSync(path, '');
  expect(expandPaths(path)).toEqual([path]);
});

test('a list without end is refused', async () => {
  const error = await failure('ZC_CONVERT_LIMIT', async () => expandPaths('{1..999999999}.tar'));
  expect(error.message).toContain('INPUT_PATHS_MAX');
});
