import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { openDataset } from '@zc/format/node';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { BadRows } from '../src/bad-rows.js';
import { pack } from '../src/index.js';
import { folderOf } from './helpers/folder-of.js';

const broken = (n: number) => new ZcError('ZC_CONVERT_SOURCE', `broken ${n}`, { path: 'a.tar', offset: n });

test('the first one stops, as it is', async () => {
  using bad = new BadRows({});
  const error = await failure('ZC_CONVERT_SOURCE', async () => bad.add(7, broken(512)));
  expect(error).toMatchObject({ path: 'a.tar', offset: 512 });
});

test('skipped ones are counted, the first are kept, and a file has all of them', () => {
  const errorsFile = join(temporaryDirectory(), 'bad.jsonl');
  using bad = new BadRows({ onError: 'skip', errorsFile, errorsKept: 2 });
  for (let row = 0; row < 5; row++) bad.add(row, broken(row));
  expect(bad.count).toBe(5);
  expect(bad.kept.map(({ row, error }) => [row, error.offset])).toEqual([
    [0, 0],
    [1, 1],
  ]);
  const lines = readFileSync(errorsFile, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    [0, 1, 2, 3, 4].map((row) =>
      expect.objectContaining({
        row,
        code: 'ZC_CONVERT_SOURCE',
        path: 'a.tar',
        offset: row,
        summary: `broken ${row}`,
      }),
    ),
  );
});

test('what is no error of a record stops all the same', () => {
  using bad = new BadRows({ onError: 'skip' });
  expect(() => bad.add(0, new TypeError('a mistake of ours'))).toThrow(TypeError);
});

test.each([
  { onError: 'ignore' as 'skip' },
  { errorsFile: 'x' },
  { onError: 'skip', errorsKept: -1 },
] as const)('refused: %o', async (options) => {
  await failure('ZC_ARGUMENT', async () => new BadRows(options));
});

test('a file that cannot be made is named', async () => {
  const errorsFile = join(temporaryDirectory(), 'missing', 'bad.jsonl');
  const error = await failure('ZC_IO_WRITE', async () => new BadRows({ onError: 'skip', errorsFile }));
  expect(error.path).toBe(errorsFile);
});

test('a file of a folder that cannot be a sample is left out, and the others keep their labels', async () => {
  const root = folderOf({ 'a/1.txt': 'one', 'a/2.txt': Uint8Array.of(0xff), 'b/3.txt': 'three' });
  const output = join(temporaryDirectory(), 'out');
  const error = await failure('ZC_CONVERT_SOURCE', () => pack({ input: root, output }));
  expect(error.path).toBe(join(root, 'a/2.txt'));

  const report = await pack({ input: root, output, onError: 'skip' });
  expect(report).toMatchObject({ samples: 2, skipped: 1, errors: [{ row: 1, error: { path: error.path } }] });
  await using dataset = await openDataset(output);
  expect(await dataset.get(1)).toMatchObject({ text: 'three', label: 1n, name: 'b/3.txt' });
});

test('the file is not written over the input', async () => {
  const input = join(folderOf({ 'a.jsonl': '{"a":1}\n' }), 'a.jsonl');
  const options = { input, output: join(temporaryDirectory(), 'out'), onError: 'skip' } as const;
  await failure('ZC_ARGUMENT', () => pack({ ...options, errorsFile: input }));
  expect(readFileSync(input, 'utf8')).toBe('{"a":1}\n');
});
