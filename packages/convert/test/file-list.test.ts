import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { listFiles } from '../src/sources/file-list.js';
import { folderOf } from './helpers/folder-of.js';

test('files come sorted, with their path below the folder, hidden ones left out', async () => {
  const root = folderOf({
    'b.wav': '',
    'a/2.wav': '',
    'a/10.wav': '',
    '.hidden': '',
    '.git/x.wav': '',
    'B.wav': '',
  });
  expect(await listFiles(root)).toEqual(['B.wav', 'a/10.wav', 'a/2.wav', 'b.wav']);
});

test.each([
  [{ include: ['*_[0-4].wav'] }, ['0_a_4.wav', 'deep/0_a_0.wav']],
  [{ exclude: ['*_[0-4].wav'] }, ['0_a_14.wav', 'notes.md']],
  [{ include: ['*.wav'], exclude: ['deep/**'] }, ['0_a_14.wav', '0_a_4.wav']],
  [{ include: ['deep/**', '*.md'] }, ['deep/0_a_0.wav', 'notes.md']],
])('%j leaves %j', async (filter, expected) => {
  const root = folderOf({ '0_a_4.wav': '', '0_a_14.wav': '', 'deep/0_a_0.wav': '', 'notes.md': '' });
  expect(await listFiles(root, filter)).toEqual(expected);
});

test('links to files are followed, links to folders are not', async () => {
  const root = folderOf({ 'real.wav': '' });
  const elsewhere = folderOf({ 'outside.wav': '' });
  symlinkSync(join(elsewhere, 'outside.wav'), join(root, 'link.wav'));
  symlinkSync(root, join(root, 'circle'));
  expect(await listFiles(root)).toEqual(['link.wav', 'real.wav']);
});

test('a link that leads nowhere is named', async () => {
  const root = temporaryDirectory();
  symlinkSync(join(root, 'gone'), join(root, 'dangling.wav'));
  const error = await failure('ZC_CONVERT_SOURCE', () => listFiles(root));
  expect(error.path).toBe(join(root, 'dangling.wav'));
});

test('an empty folder is refused, and patterns that match nothing say so', async () => {
  const root = folderOf({ 'a.wav': '' });
  mkdirSync(join(root, 'empty'));
  await failure('ZC_CONVERT_EMPTY', () => listFiles(join(root, 'empty')));
  const error = await failure('ZC_CONVERT_EMPTY', () => listFiles(root, { include: ['*.mp3'] }));
  expect(error.advice).toContain('--include');
});
