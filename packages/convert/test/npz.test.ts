import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/numpy/${name}`, import.meta.url));

const rows = [0, 1, 2].map((row) => ({
  x: Float32Array.from({ length: 4 }, (_, i) => row * 4 + i),
  y: [5n, -1n, 2n ** 62n][row],
  columns: Int16Array.from({ length: 6 }, (_, i) => row * 6 + i),
  swapped: Float64Array.of([1.5, -2, 0.25][row]!),
}));

test.each(['stored.npz', 'deflated.npz'])('rows of what NumPy wrote: %s', async (name) => {
  const source = await infer(golden(name));
  expect(source.schema.fields).toMatchObject([
    { name: 'x', dtype: 'float32', shape: [4] },
    { name: 'y', dtype: 'int64', shape: [] },
    { name: 'columns', dtype: 'int16', shape: [2, 3] },
    { name: 'swapped', dtype: 'float64', shape: [1] },
  ]);
  expect(await collect(source)).toEqual(rows);
});

test('rows from the middle, of the arrays that are wanted', async () => {
  const source = await infer(golden('deflated.npz'), { include: ['x.npy', 'columns.npy'] });
  const found: unknown[] = [];
  for await (const row of source.rows(2)) found.push('sample' in row && row.sample);
  expect(found).toEqual([{ x: rows[2]!.x, columns: rows[2]!.columns }]);
});

test('an array that claims to unpack to more than it can is refused before it is unpacked', async () => {
  const bytes = readFileSync(golden('deflated.npz'));
  // The uncompressed size of the first entry of the central directory.
  bytes.writeUInt32LE(0x7000_0000, bytes.indexOf('PK\x01\x02') + 24);
  const path = join(temporaryDirectory(), 'x.npz');
  writeFileSync(path, bytes);
  const error = await failure('ZC_CONVERT_LIMIT', () => infer(path));
  expect(error.summary).toContain('UNPACK_RATIO_MAX');
});

test('an array that unpacks to less than it claims is refused', async () => {
  const bytes = readFileSync(golden('deflated.npz'));
  const at = bytes.indexOf('PK\x01\x02') + 24;
  bytes.writeUInt32LE(bytes.readUInt32LE(at) + 1, at);
  const path = join(temporaryDirectory(), 'x.npz');
  writeFileSync(path, bytes);
  const error = await failure('ZC_CONVERT_SOURCE', async () => collect(await infer(path)));
  expect(error.path).toContain(`${path}:x.npy`);
});
