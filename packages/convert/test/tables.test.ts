import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataset } from '@zc/format/node';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { exportDataset, infer, pack } from '../src/index.js';
import { collect } from './helpers/collect.js';
import { schema as everyField, everyKind } from './helpers/every-kind.js';
import { bytesOf, cuts, flips, readDamaged } from './helpers/hostile.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

/** Row `i` of the tables that `golden/pyarrow/make.py` writes. */
function row(i: number): Record<string, unknown> {
  const tensor = (dtype: string, shape: number[], data: unknown) => ({ dtype, shape, data });
  return {
    flag: i % 2 === 0,
    small: 0 - i,
    byte: 250 + i,
    wide: 2 ** 32 - 1 - i,
    huge: 2n ** 64n - 1n - BigInt(i),
    long: -(2n ** 63n) + BigInt(i),
    half: i / 2,
    single: Math.fround(i / 3),
    double: i / 3,
    text: `Zeile ${i} “ü”`,
    blob: Uint8Array.of(i, 255),
    moment: 1_700_000_000_000_001n + BigInt(i),
    day: 19_000 + i,
    tokens: tensor(
      'int32',
      [i],
      Int32Array.from({ length: i }, (_, j) => j),
    ),
    box: tensor('float32', [4], Float32Array.of(i, i + 1, i + 2, i + 3)),
    grid: tensor(
      'int16',
      [i, i === 0 ? 0 : 2],
      Int16Array.from({ length: 2 * i }, (_, j) => (j % 2 === 0 ? i : j >> 1)),
    ),
    words: Array(i).fill('a'),
    point: { x: i, name: `p${i}` },
    kind: 'ab'[i % 2],
  };
}

const fields = [
  { name: 'flag', dtype: 'bool', shape: [] },
  { name: 'small', dtype: 'int8', shape: [] },
  { name: 'byte', dtype: 'uint8' },
  { name: 'wide', dtype: 'uint32' },
  { name: 'huge', dtype: 'uint64' },
  { name: 'long', dtype: 'int64' },
  { name: 'half', dtype: 'float16' },
  { name: 'single', dtype: 'float32' },
  { name: 'double', dtype: 'float64' },
  { name: 'text', kind: 'utf8' },
  { name: 'blob', kind: 'bytes' },
  { name: 'moment', dtype: 'int64' },
  { name: 'day', dtype: 'int32' },
  { name: 'tokens', dtype: 'int32', shape: [null] },
  { name: 'box', dtype: 'float32', shape: [4] },
  { name: 'grid', dtype: 'int16', shape: [null, null] },
  { name: 'words', kind: 'json' },
  { name: 'point', kind: 'json' },
  { name: 'kind', kind: 'utf8' },
];

// A struct may come with its members in another order, and zeros of another sign.
const plain = (samples: unknown[]) => samples.map((sample) => ({ ...(sample as Record<string, unknown>) }));

test.each(['snappy.parquet', 'file.arrow', 'stream.arrows'])(
  '%s: every type, as pyarrow wrote it',
  async (name) => {
    const source = await infer(golden(`pyarrow/${name}`));
    expect(source.schema.fields).toMatchObject(fields);
    expect(source.schema.metadata).toEqual({
      'moment.unit': 'us since 1970-01-01',
      'day.unit': 'days since 1970-01-01',
    });
    expect(plain(await collect(source))).toEqual([0, 1, 2, 3, 4].map(row));
  },
);

test.each(['none', 'gzip', 'zstd', 'lz4', 'brotli'])('Parquet compressed with %s', async (codec) => {
  const samples = await collect(await infer(golden(`pyarrow/${codec}.parquet`)));
  const expected = [0, 1, 2, 3, 4].map(row).map(({ long, text, tokens }) => ({ long, text, tokens }));
  expect(samples).toEqual(expected);
});

test('pages of version 2, and Arrow buffers compressed with zstd', async () => {
  const pages = await collect(await infer(golden('pyarrow/v2.parquet')));
  expect(pages).toEqual([0, 1, 2, 3, 4].map(row).map(({ long, text }) => ({ long, text })));
  const buffers = await collect(await infer(golden('pyarrow/zstd.arrow')));
  expect(buffers).toEqual([0, 1, 2, 3, 4].map(row).map(({ long, text, tokens }) => ({ long, text, tokens })));
});

test('a folder of Parquet files is one table, and so are several files', async () => {
  const expected = [0, 1, 2, 3].map(row).map(({ long, text }) => ({ long, text }));
  for (const input of [
    golden('pyarrow/parts'),
    [0, 1].map((part) => golden(`pyarrow/parts/part-${part}.parquet`)),
  ]) {
    const source = await infer(input);
    expect(source.samples).toBe(4);
    expect(await collect(source)).toEqual(expected);
  }
});

test.each(['snappy.parquet', 'stream.arrows'])('%s: rows from anywhere', async (name) => {
  for (const from of [0, 1, 3, 4, 5]) {
    const source = await infer(golden(`pyarrow/${name}`));
    const texts: unknown[] = [];
    for await (const found of source.rows(from)) if ('sample' in found) texts.push(found.sample.text);
    expect(texts).toEqual([0, 1, 2, 3, 4].slice(from).map((i) => row(i).text));
  }
});

test.each(['nulls.parquet', 'nulls.arrow'])(
  '%s: a null is a bad row, those around it are not',
  async (name) => {
    const source = await infer(golden(`pyarrow/${name}`));
    const found: unknown[] = [];
    for await (const row of source.rows(0)) found.push('error' in row ? row.error.summary : row.sample);
    expect(found).toEqual([{ x: 1n }, 'row 1 of column "x" is no value: it is null', { x: 3n }]);
  },
);

test.each(['decimal.parquet', 'decimal.arrow', 'lz4.feather'])(
  '%s is refused with a way out',
  async (name) => {
    const error = await failure('ZC_CONVERT_UNSUPPORTED', () => infer(golden(`pyarrow/${name}`)));
    expect(error.path).toBe(golden(`pyarrow/${name}`));
    expect(error.advice).toMatch(/cast|compression="zstd"/i);
  },
);

/** Row `i` of the datasets that `golden/datasets/make.py` writes. */
function hubRow(i: number): Record<string, unknown> {
  return {
    image: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, i),
    label: BigInt(i % 3),
    text: `Zeile ${i}`,
    tokens: { dtype: 'int32', shape: [i], data: Int32Array.from({ length: i }, (_, j) => j) },
    box: { dtype: 'float32', shape: [4], data: Float32Array.of(i, i + 0.5, i + 1, i + 1.5) },
    grid: { dtype: 'int16', shape: [2, 3], data: Int16Array.of(i, i, i, -i, -i, -i) },
    answers: { text: `a${i}`, start: i },
  };
}

test.each(['saved', 'hub.parquet'])('%s of Hugging Face: images, classes, arrays', async (name) => {
  const source = await infer(golden(`datasets/${name}`));
  expect(source.schema.fields).toMatchObject([
    { name: 'image', kind: 'bytes', mediaType: 'image/jpeg' },
    { name: 'label', dtype: 'int64', shape: [] },
    { name: 'text', kind: 'utf8' },
    { name: 'tokens', dtype: 'int32', shape: [null] },
    { name: 'box', dtype: 'float32', shape: [4] },
    { name: 'grid', dtype: 'int16', shape: [2, 3] },
    { name: 'answers', kind: 'json' },
  ]);
  expect(source.schema.metadata).toEqual({ classes: '["cat","dog","Kuh"]' });
  expect(await collect(source)).toEqual([0, 1, 2, 3, 4, 5].map(hubRow));
});

test('several splits are refused with their names; one of them is a dataset', async () => {
  const error = await failure('ZC_ARGUMENT', () => infer(golden('datasets/splits')));
  expect(error.summary).toBe('the folder holds several splits: train, test');
  expect(await collect(await infer(golden('datasets/splits/test')))).toEqual([hubRow(0)]);
});

test.each(['parquet', 'arrow'] as const)('%s: what was exported is packed as it was', async (to) => {
  const { path, samples } = await everyKind(30);
  const folder = temporaryDirectory();
  await exportDataset({ input: path, output: join(folder, `x.${to}`), to });
  await pack({ input: join(folder, `x.${to}`), output: join(folder, 'packed') });
  await using dataset = await openDataset(join(folder, 'packed'));
  expect(dataset.schema.fields.map(({ name, kind }) => ({ name, kind }))).toEqual(
    everyField.fields.map(({ name, kind }) => ({ name, kind })),
  );
  expect(dataset.schema).toEqual(everyField);
  for (const [i, sample] of samples.entries()) expect(await dataset.get(i)).toEqual(sample);
});

test.each([
  ['none.parquet', 11],
  ['stream.arrows', 61],
  ['file.arrow', 67],
  ['zstd.arrow', 17],
] as const)('%s cut anywhere is refused', async (name, step) => {
  const bytes = bytesOf(golden(`pyarrow/${name}`));
  const { accepted } = await readDamaged({ [name]: bytes }, name, cuts(bytes.subarray(0, -1), step));
  expect(accepted).toBe(0);
});

test.each([
  ['none.parquet', 13],
  ['zstd.parquet', 17],
  ['v2.parquet', 11],
  ['stream.arrows', 53],
  ['zstd.arrow', 19],
] as const)('%s with a byte turned over is read or refused, and nothing else', async (name, step) => {
  const bytes = bytesOf(golden(`pyarrow/${name}`));
  const { refused } = await readDamaged({ [name]: bytes }, name, flips(bytes, step));
  expect(refused).toBeGreaterThan(10);
});

test('a saved dataset that names files elsewhere, or none, is refused', async () => {
  const names = ['data-00000-of-00002.arrow', 'data-00001-of-00002.arrow', 'dataset_info.json', 'state.json'];
  const files = Object.fromEntries(names.map((name) => [name, bytesOf(golden(`datasets/saved/${name}`))]));
  const text = Buffer.from(files['state.json']!).toString();
  const damages = ['../x.arrow', '/etc/passwd', '.hidden', '..', ''].map((name) =>
    Buffer.from(text.replace('data-00001-of-00002.arrow', name)),
  );
  const all = [...damages, Buffer.from('{}'), Buffer.from('nonsense'), Buffer.from('[1, 2')];
  expect(await readDamaged(files, 'state.json', all)).toEqual({ refused: all.length, accepted: 0 });
});
