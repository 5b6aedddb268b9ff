import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openDataset } from '@zc/format/node';
import { tableFromIPC } from 'apache-arrow';
import { parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { exportDataset, pack } from '../src/index.js';
import { everyKind } from './helpers/every-kind.js';

const output = (name: string) => join(temporaryDirectory(), name);

test('JSON Lines: one object a sample, numbers exact, bytes as base64', async () => {
  const { path } = await everyKind(4);
  const file = output('x.jsonl');
  const fields = [
    'pixels',
    'boxes',
    'mask',
    'half',
    'wave',
    'big',
    'blob',
    'text',
    'extra',
    'label',
    'ratio',
  ];
  const report = await exportDataset({ input: path, output: file, fields });
  const text = readFileSync(file, 'utf8');
  expect(report).toMatchObject({ to: 'jsonl', samples: 4, files: 1, bytes: Buffer.byteLength(text) });
  const lines = text.trimEnd().split('\n');
  expect(JSON.parse(lines[1]!)).toEqual({
    pixels: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    boxes: [[0, 1, 2, 3].map((i) => Math.fround(1 / 7 + i))],
    mask: [true, true, false],
    half: [1 + 1 / 1024, -0],
    wave: [
      [1, -1],
      [0.5, Math.fround(1e30)],
    ],
    big: [2 ** 64],
    blob: 'AQ==',
    text: 'Zeile 1 — “ü”',
    extra: { row: 1, list: [1, 'two', null, { deep: true }] },
    label: 1,
    ratio: Math.fround(1 / 3),
  });
  expect(lines[1]).toContain('"big": [18446744073709551614]');
  expect(lines[3]).toContain('"ratio": 1.0');
});

test('JSON Lines refuse what JSON has no word for', async () => {
  const { path } = await everyKind(1);
  const file = output('x.jsonl');
  const error = await failure('ZC_CONVERT_UNSUPPORTED', () => exportDataset({ input: path, output: file }));
  expect(error.summary).toContain('row 0 of field "brain" holds -Infinity');
  expect(readdirSync(dirname(file))).toEqual([]);
});

test('npy: what is packed again is what it was', async () => {
  const { path, samples } = await everyKind(50);
  const folder = output('arrays');
  const fields = ['pixels', 'mask', 'half', 'wave', 'big', 'label', 'small', 'flag', 'ratio', 'dim'];
  const report = await exportDataset({ input: path, output: folder, to: 'npy', fields });
  expect(report).toMatchObject({ to: 'npy', samples: 50, files: 10 });
  const packed = output('packed');
  await pack({ input: folder, output: packed });
  await using dataset = await openDataset(packed);
  for (const [row, sample] of samples.entries()) {
    expect(await dataset.get(row)).toEqual(Object.fromEntries(fields.map((name) => [name, sample[name]])));
  }
});

test('npy refuses what has no one shape, and says what it would take', async () => {
  const { path } = await everyKind(1);
  const error = await failure('ZC_CONVERT_UNSUPPORTED', () =>
    exportDataset({ input: path, output: output('x'), to: 'npy' }),
  );
  expect(error.summary).toContain('image, audio, boxes, grid, blob, text, extra');
  expect(error.advice).toContain('--fields pixels,mask,half,brain');
});

test('Parquet: every value, as another reader of the file finds it', async () => {
  const { path } = await everyKind(6);
  const file = output('x.parquet');
  await exportDataset({ input: path, output: file });
  const bytes = readFileSync(file);
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
    utf8: false,
  });
  expect(rows).toHaveLength(6);
  expect(rows[5]).toMatchObject({
    image: { bytes: Uint8Array.of(0xff, 0xd8, 0xff, 5), path: null },
    pixels: [
      [5, 6, 7],
      [8, 9, 10],
    ],
    audio: [-5],
    grid: [[-5, -4]],
    mask: [true, true, false],
    half: [1 + 5 / 1024, -0],
    brain: [1 + 5 / 128, Number.NEGATIVE_INFINITY],
    big: [2n ** 64n - 6n],
    text: 'Zeile 5 — “ü”',
    label: 2n,
    small: 2,
    wide: 2 ** 32 - 6,
    flag: false,
  });
});

test('Arrow: every value, as another reader of the file finds it', async () => {
  const { path } = await everyKind(6);
  const file = output('x.arrow');
  await exportDataset({ input: path, output: file });
  const table = tableFromIPC(readFileSync(file));
  expect(table.numRows).toBe(6);
  const row = table.get(5)!;
  expect(row.image.toJSON()).toEqual({ bytes: Uint8Array.of(0xff, 0xd8, 0xff, 5), path: null });
  expect(row.pixels.toArray().map((line: { toArray(): unknown }) => line.toArray())).toEqual([
    Uint8Array.of(5, 6, 7),
    Uint8Array.of(8, 9, 10),
  ]);
  expect([...row.mask]).toEqual([true, true, false]);
  expect([...row.big]).toEqual([2n ** 64n - 6n]);
  expect(row.text).toBe('Zeile 5 — “ü”');
  expect(row.label).toBe(2n);
});

test('a folder holds files of about the wanted size, whose samples follow each other', async () => {
  const { path } = await everyKind(40);
  const folder = output('shards');
  const report = await exportDataset({
    input: path,
    output: folder,
    to: 'jsonl',
    fields: ['label', 'text'],
    shardBytes: 1000,
  });
  const names = readdirSync(folder);
  expect(names.slice(0, 2)).toEqual(['shard-000000.jsonl', 'shard-000001.jsonl']);
  expect(report.files).toBe(names.length);
  const lines = names.flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
  expect(lines.map((line) => JSON.parse(line).text)).toEqual(
    Array.from({ length: 40 }, (_, i) => `Zeile ${i} — “ü”`),
  );
});

test('the same dataset gives the same bytes', async () => {
  const { path } = await everyKind(30);
  for (const name of ['x.tar', 'x.parquet', 'x.arrow']) {
    const files = [output(name), output(name)];
    for (const file of files) await exportDataset({ input: path, output: file });
    expect(readFileSync(files[0]!).equals(readFileSync(files[1]!)), name).toBe(true);
  }
});

test('what is there already stays, unless it is to be replaced', async () => {
  const { path } = await everyKind(2);
  const file = output('x.arrow');
  writeFileSync(file, 'precious');
  await failure('ZC_IO_EXISTS', () => exportDataset({ input: path, output: file }));
  expect(readFileSync(file, 'utf8')).toBe('precious');
  await exportDataset({ input: path, output: file, overwrite: true });
  expect(tableFromIPC(readFileSync(file)).numRows).toBe(2);

  const folder = output('folder');
  mkdirSync(folder);
  writeFileSync(join(folder, 'precious'), '');
  await failure('ZC_IO_EXISTS', () =>
    exportDataset({ input: path, output: folder, to: 'arrow', overwrite: true }),
  );
  expect(readdirSync(folder)).toEqual(['precious']);
});

test('an export that is ended leaves nothing behind', async () => {
  const { path } = await everyKind(20);
  for (const name of ['x.tar', 'x.parquet', 'x.arrow', 'folder']) {
    const file = output(name);
    const controller = new AbortController();
    await failure('ZC_ABORTED', () =>
      exportDataset({
        input: path,
        output: file,
        signal: controller.signal,
        ...(name === 'folder' && { to: 'webdataset' as const }),
        onStart: () => controller.abort(),
      }),
    );
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(dirname(file))).toEqual([]);
  }
});

test('a dataset without samples is a file without samples', async () => {
  const { path } = await everyKind(0);
  const files = { parquet: output('x.parquet'), arrow: output('x.arrow') };
  for (const file of Object.values(files)) await exportDataset({ input: path, output: file });
  expect(tableFromIPC(readFileSync(files.arrow)).numRows).toBe(0);
  const bytes = readFileSync(files.parquet);
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  });
  expect(rows).toEqual([]);
});

test('progress and what changes are told', async () => {
  const { path } = await everyKind(3);
  const starts: unknown[] = [];
  const progress: unknown[] = [];
  const report = await exportDataset({
    input: path,
    output: output('x.arrow'),
    onStart: (start) => starts.push(start),
    onProgress: (state) => progress.push(state),
  });
  expect(starts).toMatchObject([
    { to: 'arrow', samples: 3, changes: expect.arrayContaining(['bfloat16 as float32: brain']) },
  ]);
  expect(progress.at(-1)).toMatchObject({ samples: 3, samplesTotal: 3 });
  expect(report.bytes).toBeGreaterThan(0);
});

test('a format that is not known, and fields that are not there, are refused', async () => {
  const { path } = await everyKind(1);
  await failure('ZC_ARGUMENT', () => exportDataset({ input: path, output: output('x.csv') }));
  await failure('ZC_ARGUMENT', () => exportDataset({ input: path, output: output('x'), to: 'csv' as never }));
  const error = await failure('ZC_ARGUMENT', () =>
    exportDataset({ input: path, output: output('x.tar'), fields: ['nothing'] }),
  );
  expect(error.advice).toContain('image, pixels');
});
