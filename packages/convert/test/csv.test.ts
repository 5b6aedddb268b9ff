import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';
import { folderOf } from './helpers/folder-of.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/python/${name}`, import.meta.url));

test.each(['rows.csv', 'rows.tsv'])('records of what Python wrote: %s', async (name) => {
  const source = await infer(golden(name));
  expect(source.schema.fields).toMatchObject([
    { name: 'id', dtype: 'int64' },
    { name: 'score', dtype: 'float64' },
    { name: 'ok', dtype: 'bool' },
    { name: 'text', kind: 'utf8' },
    { name: 'code', kind: 'utf8' },
    { name: 'gap', dtype: 'float64' },
  ]);
  expect(await collect(source)).toEqual([
    { id: 2n ** 63n - 1n, score: 0.1, ok: true, text: 'says "hi",\nthen goes', code: '007', gap: 1 },
    { id: -5n, score: Number.NaN, ok: false, text: 'Überall 🎲', code: '12', gap: Number.NaN },
    { id: 0n, score: 1e-300, ok: true, text: '', code: '8', gap: 3 },
  ]);
});

test('several files with one header are one after the other, packed or not', async () => {
  const root = folderOf({ 'a.csv': 'x,y\n1,2\n', 'b.csv.gz': gzipSync('\ufeffx,y\n3,4') });
  const source = await infer([join(root, 'a.csv'), join(root, 'b.csv.gz')]);
  expect(await collect(source)).toEqual([
    { x: 1n, y: 2n },
    { x: 3n, y: 4n },
  ]);
});

test('files whose columns differ are refused', async () => {
  const root = folderOf({ 'a.csv': 'x,y\n1,2\n', 'b.csv': 'y,x\n3,4\n' });
  const error = await failure('ZC_CONVERT_MIXED', () => infer([join(root, 'a.csv'), join(root, 'b.csv')]));
  expect(error.path).toBe(join(root, 'b.csv'));
});

test.each([
  ['12.5,a', 'ZC_CONVERT_MIXED', 'line 1002 has "12.5" as "x", not int64'],
  ['12', 'ZC_CONVERT_SOURCE', 'line 1002 has 1 cells, the header 2'],
] as const)('a later record that does not fit is bad alone: %s', async (record, code, summary) => {
  const path = fileOf(`x,y\n${'1,a\n'.repeat(1000)}${record}\n2,b\n`);
  const rows: Record<string, unknown>[] = [];
  for await (const row of (await infer(path)).rows(1000)) rows.push({ ...row });
  expect(rows).toMatchObject([
    { error: { code, summary, path, offset: 4 + 4000 } },
    { sample: { x: 2n, y: 'b' } },
  ]);
});

test('a column that names files gives what is in them', async () => {
  const root = folderOf({
    'train.csv': 'file,label\nimg/a.png,1\nimg/b.png,0\n',
    'img/a.png': Uint8Array.of(1, 2),
    'img/b.png': Uint8Array.of(3),
  });
  const source = await infer(join(root, 'train.csv'));
  expect(source.schema.fields[0]).toMatchObject({ name: 'image', kind: 'bytes', mediaType: 'image/png' });
  expect(await collect(source)).toEqual([
    { image: Buffer.of(1, 2), file: 'img/a.png', label: 1n },
    { image: Buffer.of(3), file: 'img/b.png', label: 0n },
  ]);
});

test.each(['../a.png', '/etc/passwd.png', 'missing.png', 'b.txt', 'zero.png'])(
  'a record that names %s is bad alone',
  async (name) => {
    const good = 'a.png\n'.repeat(20);
    const root = folderOf({
      'x/list.csv': `file,n\n${good.replaceAll('\n', ',1\n')}${name},2\n`,
      'x/a.png': 'a',
      'a.png': 'a',
      'x/b.txt': 't',
    });
    symlinkSync('/dev/zero', join(root, 'x/zero.png'));
    // The record is beyond what is looked at: only the first ten names are tried.
    const source = await infer(join(root, 'x/list.csv'));
    const rows: Record<string, unknown>[] = [];
    for await (const row of source.rows(20)) rows.push({ ...row });
    expect(rows).toMatchObject([{ error: { path: join(root, 'x/list.csv') } }]);
  },
);

test.each([
  ['a quote that is not closed', 'x,y\n1,"a\n2,b\n', 'ZC_CONVERT_SOURCE'],
  ['a column that is there twice', 'x,x\n1,2\n', 'ZC_CONVERT_SOURCE'],
  ['no record', 'x,y\n', 'ZC_CONVERT_EMPTY'],
] as const)('a file with %s is refused', async (_what, text, code) => {
  const path = fileOf(text);
  const error = await failure(code, async () => collect(await infer(path)));
  expect(error.path).toBe(path);
});

test('text of another encoding is refused, with what converts it', async () => {
  const path = fileOf(Buffer.from(`x,y\n${'1,a\n'.repeat(100_000)}1,\xe9\n`, 'latin1'));
  const error = await failure('ZC_CONVERT_SOURCE', async () => collect(await infer(path)));
  expect(error.advice).toContain('iconv');
});

function fileOf(content: string | Uint8Array): string {
  const path = join(temporaryDirectory(), 'x.csv');
  writeFileSync(path, content);
  return path;
}
