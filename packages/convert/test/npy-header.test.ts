import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { parseNpyHeader } from '../src/sources/npy-header.js';

const golden = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`golden/${name}.npy`, import.meta.url))));

test.each([
  ['bool', 'bool', [3]],
  ['uint8', 'uint8', [2, 3, 4]],
  ['int64', 'int64', [3]],
  ['float16', 'float16', [1, 2]],
  ['complex64', 'complex64', [2]],
  ['scalar', 'float32', []],
  ['empty', 'float32', [0, 3]],
  // One dimension is contiguous in either order.
  ['fortran-1d', 'int32', [3]],
  ['version-2', 'uint16', [4]],
  ['version-3', 'uint16', [4]],
])('what NumPy wrote: %s', (name, dtype, shape) => {
  const bytes = golden(name);
  const header = parseNpyHeader(bytes, name);
  expect(header).toMatchObject({ dtype, shape });
  expect(header.dataOffset % 64).toBe(0);
});

test.each([
  ['structured', /structured/, /array\['field'\]/],
  ['text', /<U2/, /uint8/],
  ['object', /Python objects/, /numbers/],
  ['complex128', /<c16/, /complex64/],
])('%s is refused with the reason and what to do', async (name, reason, advice) => {
  const error = await failure('ZC_CONVERT_UNSUPPORTED', () => parseNpyHeader(golden(name), `${name}.npy`));
  expect(error.summary).toMatch(reason);
  expect(error.advice).toMatch(advice);
  expect(error.path).toBe(`${name}.npy`);
});

test('a header that was cut anywhere is refused', async () => {
  const bytes = golden('float32');
  const { dataOffset } = parseNpyHeader(bytes, 'whole');
  for (let length = 0; length < dataOffset; length++) {
    await failure('ZC_CONVERT_SOURCE', () => parseNpyHeader(bytes.subarray(0, length), 'cut.npy'));
  }
});

test('a header that NumPy would not write is refused', async () => {
  const bytes = golden('float32');
  bytes.set(new TextEncoder().encode("{'descr': __import__('os')"), 10);
  await failure('ZC_CONVERT_SOURCE', () => parseNpyHeader(bytes, 'odd.npy'));
});
