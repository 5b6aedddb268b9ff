import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}.npy`, import.meta.url));

test.each([
  ['bool', [], [true, false, true]],
  ['uint8', [3, 4], [new Uint8Array(12).map((_, i) => i), new Uint8Array(12).map((_, i) => i + 12)]],
  ['int16', [2], [Int16Array.of(-32768, 1), Int16Array.of(2, 32767)]],
  ['int64', [], [-(2n ** 63n), 5n, 2n ** 63n - 1n]],
  ['uint64', [1], [BigUint64Array.of(2n ** 64n - 1n)]],
  ['float16', [2], [Uint16Array.of(0x3800, 0xc000)]],
  ['float64', [], [1.5, -2.25]],
  ['complex64', [], [Float32Array.of(1, 2), Float32Array.of(-0, -3)]],
] as const)('rows of what NumPy wrote: %s', async (name, shape, rows) => {
  const source = await infer(golden(name));
  expect(source.schema.fields).toMatchObject([{ name, dtype: name, shape }]);
  expect(source.samples).toBe(rows.length);
  expect(await collect(source)).toEqual(rows.map((row) => ({ [name]: row })));
});

test('Fortran order and big-endian elements come as any others', async () => {
  expect(await collect(await infer(golden('fortran')))).toEqual([
    { fortran: Int32Array.of(0, 1, 2) },
    { fortran: Int32Array.of(3, 4, 5) },
  ]);
  expect(await collect(await infer(golden('big-endian')))).toEqual(
    [0, 1, 2].map((i) => ({ 'big-endian': i })),
  );
});

test('a file of several chunks gives every row once, and rows stay as they are', async () => {
  // 3 MiB a row: the reader takes one at a time, and the last ones behind the others.
  const rowLength = 3 * 2 ** 20;
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 3145728), }\n".padEnd(118);
  const path = join(temporaryDirectory(), 'large.npy');
  const head = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(header)]);
  const rows = [0, 1, 2, 3, 4].map((row) => Buffer.alloc(rowLength, row + 1));
  writeFileSync(path, Buffer.concat([head, ...rows]));
  const samples = await collect(await infer(path));
  expect(samples.map(({ large }) => (large as Uint8Array).length)).toEqual(Array(5).fill(rowLength));
  expect(samples.map(({ large }) => (large as Uint8Array).every((x, _i, all) => x === all[0]))).not.toContain(
    false,
  );
  expect(samples.map(({ large }) => (large as Uint8Array)[0])).toEqual([1, 2, 3, 4, 5]);
});

test.each([
  ['scalar', 'ZC_CONVERT_UNSUPPORTED'],
  ['empty', 'ZC_CONVERT_EMPTY'],
] as const)('%s is refused', async (name, code) => {
  const error = await failure(code, () => infer(golden(name)));
  expect(error.path).toBe(golden(name));
});

test.each([
  ['cut short', (bytes: Buffer) => bytes.subarray(0, -1)],
  ['more than one array', (bytes: Buffer) => Buffer.concat([bytes, bytes])],
])('a file with %s is refused before a row is read', async (reason, change) => {
  const path = join(temporaryDirectory(), 'x.npy');
  writeFileSync(path, change(readFileSync(golden('float32'))));
  const error = await failure('ZC_CONVERT_SOURCE', () => infer(path));
  expect(error.summary).toContain(reason);
});

test('a file that is cut while it is read stops with the offset', async () => {
  const path = join(temporaryDirectory(), 'x.npy');
  writeFileSync(path, readFileSync(golden('float32')));
  const source = await infer(path);
  writeFileSync(path, readFileSync(golden('float32')).subarray(0, 150));
  const error = await failure('ZC_CONVERT_SOURCE', () => collect(source));
  expect(error).toMatchObject({ path, offset: 128, expected: 40, actual: 22 });
});

test('what is neither a folder nor a .npy file is refused', async () => {
  const path = join(temporaryDirectory(), 'notes');
  writeFileSync(path, Uint8Array.of(0, 1, 2, 3));
  await failure('ZC_CONVERT_UNSUPPORTED', () => infer(path));
});

test('what is not there is refused', async () => {
  const error = await failure('ZC_IO_OPEN', () => infer('/nowhere/at/all'));
  expect(error.path).toBe('/nowhere/at/all');
});
