import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';
import { folderOf } from './helpers/folder-of.js';

const golden = (name: string) => readFileSync(fileURLToPath(new URL(`golden/${name}.npy`, import.meta.url)));

test('arrays side by side become the fields of one sample a row', async () => {
  const root = folderOf({ 'flag.npy': golden('bool'), 'label.npy': golden('int64') });
  const source = await infer(root);
  expect(source.schema.fields.map(({ name }) => name)).toEqual(['flag', 'label']);
  expect(source.samples).toBe(3);
  expect(await collect(source)).toEqual([
    { flag: true, label: -(2n ** 63n) },
    { flag: false, label: 5n },
    { flag: true, label: 2n ** 63n - 1n },
  ]);
});

test('arrays of different length are refused, with both lengths', async () => {
  const root = folderOf({ 'a.npy': golden('int64'), 'b.npy': golden('float16') });
  const error = await failure('ZC_CONVERT_MIXED', () => infer(root));
  expect(error).toMatchObject({ expected: 3, actual: 1 });
  expect(error.path).toMatch(/b\.npy$/);
});

test('one file of another kind makes it a folder of files', async () => {
  const root = folderOf({ 'a.npy': golden('int64'), 'notes.txt': 'hello' });
  await failure('ZC_CONVERT_MIXED', () => infer(root));
});
