import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';
import { folderOf } from './helpers/folder-of.js';
import { tarOf } from './helpers/tar-of.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/webdataset/${name}`, import.meta.url));

/** The samples of golden/webdataset/make.py, but for what Python alone reads. */
const written = [
  {
    jpg: Buffer.from(Array.from({ length: 768 }, (_, i) => i % 256)),
    cls: 7n,
    txt: 'Überall Würfel 🎲',
    json: { boxes: [[1, 2.5], []], name: null },
    npy: { dtype: 'float32', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) },
    'seg.npy': { dtype: 'int16', shape: [2, 3], data: Int16Array.of(0, 1, 2, 3, 4, 5) },
    __key__: 'train/0001',
  },
  {
    jpg: Buffer.alloc(0),
    cls: -(2n ** 63n),
    txt: '',
    json: [1, 'two'],
    npy: { dtype: 'float32', shape: [1, 3], data: Float32Array.of(0.5, -1.5, 3.25) },
    'seg.npy': { dtype: 'int16', shape: [2, 3], data: Int16Array.of(0, -1, -2, -3, -4, -5) },
    __key__: 'train/0002',
  },
];

test.each(['two.tar', 'two.tar.gz', 'two.tar.zst'])('samples of what webdataset wrote: %s', async (name) => {
  const source = await infer(golden(name));
  expect(source.schema.fields.map(({ name, kind }) => [name, kind])).toEqual([
    ['cls', 'tensor'],
    ['jpg', 'bytes'],
    ['json', 'json'],
    ['npy', 'tensor'],
    ['pyd', 'bytes'],
    ['seg.npy', 'tensor'],
    ['txt', 'utf8'],
    ['__key__', 'utf8'],
  ]);
  const [cls, jpg, , npy, , seg] = source.schema.fields;
  expect(cls).toMatchObject({ dtype: 'int64', shape: [] });
  expect(jpg).toMatchObject({ mediaType: 'image/jpeg' });
  expect(npy).toMatchObject({ dtype: 'float32', shape: [null, 3] });
  expect(seg).toMatchObject({ dtype: 'int16', shape: [2, 3] });
  const samples = await collect(source);
  expect(samples).toMatchObject(written);
  expect((samples[0]!.pyd as Buffer).subarray(0, 2)).toEqual(Buffer.of(0x80, 0x04));
});

test('several tars are read one after the other, a folder of them as they are sorted', async () => {
  const tar = (key: string) => tarOf([{ name: `${key}.cls`, content: key }]);
  const root = folderOf({ '1.tar': tar('1'), '1.json': '{}', '0.tar.gz': gzipSync(tar('0')) });
  const keys = async (input: string | string[]) => (await collect(await infer(input))).map(({ cls }) => cls);
  expect(await keys(root)).toEqual([0n, 1n]);
  expect(await keys([join(root, '1.tar'), join(root, '0.tar.gz')])).toEqual([1n, 0n]);
});

test('rows from the middle are the last ones of all', async () => {
  const entries = Array.from({ length: 30 }, (_, i) => ({ name: `${i}.cls`, content: String(i) }));
  const source = await infer(pathOf(tarOf(entries)));
  const rows: unknown[] = [];
  for await (const row of source.rows(17)) rows.push('sample' in row && row.sample.cls);
  expect(rows).toEqual(entries.slice(17).map(({ content }) => BigInt(content)));
});

test('files are grouped and named as webdataset groups and names them', async () => {
  const source = await infer(
    pathOf(
      tarOf([
        { name: './', type: '5' },
        { name: '__meta__/info.txt', content: 'of the archive' },
        { name: 'LICENSE', content: 'no extension' },
        { name: './a.b/x.TXT', content: 'one' },
        { name: './a.b/x.seg.png', content: 'mask' },
        { name: './a.b/._x.txt', content: 'of macOS' },
        { name: './a.b/y.txt', content: 'two' },
        { name: './a.b/y.seg.png', content: 'mask' },
      ]),
    ),
  );
  expect(await collect(source)).toEqual([
    { txt: 'one', 'seg.png': Buffer.from('mask'), __key__: './a.b/x' },
    { txt: 'two', 'seg.png': Buffer.from('mask'), __key__: './a.b/y' },
  ]);
});

test('include and exclude choose entries', async () => {
  const path = pathOf(
    tarOf([
      { name: 'a.txt', content: 'a' },
      { name: 'a.bin', content: 'a' },
      { name: 'b.txt', content: 'b' },
    ]),
  );
  expect(await collect(await infer(path, { exclude: ['*.bin'] }))).toEqual([
    { txt: 'a', __key__: 'a' },
    { txt: 'b', __key__: 'b' },
  ]);
});

test('numbers that are none make a field of text', async () => {
  const path = pathOf(tarOf(['12', 'seven'].map((content, i) => ({ name: `${i}.id`, content }))));
  expect((await collect(await infer(path))).map(({ id }) => id)).toEqual(['12', 'seven']);
});

test.each([
  ['lacks a field', [{ name: 'c.cls', content: '1' }], 'ZC_CONVERT_MIXED', 'has no .txt'],
  [
    'has another field',
    [
      { name: 'c.cls', content: '1' },
      { name: 'c.txt', content: '1' },
      { name: 'c.png', content: '1' },
    ],
    'ZC_CONVERT_MIXED',
    'has a .png',
  ],
  [
    'has a name that climbs out',
    [{ name: '../c.cls', content: '1' }],
    'ZC_CONVERT_SOURCE',
    'leads out of the tar',
  ],
  ['has an absolute name', [{ name: '/c.cls', content: '1' }], 'ZC_CONVERT_SOURCE', 'leads out of the tar'],
  ['is a link', [{ name: 'c.cls', type: '2', linkname: '/etc/passwd' }], 'ZC_CONVERT_SOURCE', 'is a link to'],
  ['is a device', [{ name: 'c.cls', type: '3' }], 'ZC_CONVERT_SOURCE', 'CharacterDevice'],
  [
    'has a file twice',
    [
      { name: 'c.cls', content: '1' },
      { name: 'c.cls', content: '2' },
    ],
    'ZC_CONVERT_SOURCE',
    'is there twice',
  ],
  [
    'has text that is no UTF-8',
    [
      { name: 'c.cls', content: '1' },
      { name: 'c.txt', content: Uint8Array.of(0xff) },
    ],
    'ZC_CONVERT_SOURCE',
    'c.txt is not UTF-8',
  ],
] as const)('a sample that %s is bad alone', async (_what, entries, code, summary) => {
  const good = (key: string) => [
    { name: `${key}.cls`, content: '1' },
    { name: `${key}.txt`, content: key },
  ];
  // Many good ones come first, so that the bad one is not among those that settle the fields.
  const before = Array.from({ length: 1000 }, (_, i) => good(`a${i}`)).flat();
  const path = pathOf(tarOf([...before, ...entries, ...good('d')]));
  const rows: ({ sample?: unknown; error?: unknown } | undefined)[] = [];
  for await (const row of (await infer(path)).rows(999)) rows.push(row);
  expect(rows).toHaveLength(3);
  expect(rows[1]!.error).toMatchObject({ code, path });
  expect((rows[1]!.error as Error).message).toContain(summary);
  expect((rows[1]!.error as { offset: number }).offset).toBeGreaterThanOrEqual(1000 * 2048);
  expect(rows[2]!.sample).toMatchObject({ txt: 'd' });
});

test('arrays that differ in type are refused at once', async () => {
  const npy = (name: string) => readFileSync(fileURLToPath(new URL(`golden/${name}.npy`, import.meta.url)));
  const path = pathOf(
    tarOf([
      { name: 'a.npy', content: npy('int16') },
      { name: 'b.npy', content: npy('float32') },
    ]),
  );
  const error = await failure('ZC_CONVERT_MIXED', () => infer(path));
  expect(error).toMatchObject({ path, offset: 1024, actual: 'float32 of 2 dimensions' });
});

test('an entry that claims more than a row may hold is refused by its header', async () => {
  const whole = tarOf([{ name: 'a.bin', content: 'x', claims: 2 ** 30 + 1 }]);
  const error = await failure('ZC_CONVERT_LIMIT', () => infer(pathOf(whole.subarray(0, 1024))).then(collect));
  expect(error.summary).toContain('RECORD_BYTES_MAX');
});

function pathOf(tar: Uint8Array): string {
  const path = join(temporaryDirectory(), 'x.tar');
  writeFileSync(path, tar);
  return path;
}
