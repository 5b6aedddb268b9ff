import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { infer } from '../src/index.js';
import { collect } from './helpers/collect.js';

const golden = (name: string) => fileURLToPath(new URL(`golden/safetensors/${name}`, import.meta.url));

test('rows of what safetensors wrote', async () => {
  const source = await infer(golden('rows.safetensors'));
  expect(source.schema.fields).toMatchObject([
    { name: 'label', dtype: 'int64', shape: [] },
    { name: 'half', dtype: 'bfloat16', shape: [2] },
    { name: 'image', dtype: 'uint8', shape: [2, 2] },
    { name: 'mask', dtype: 'bool', shape: [] },
  ]);
  expect(await collect(source)).toEqual([
    { image: Uint8Array.of(0, 1, 2, 3), label: 5n, mask: true, half: Uint16Array.of(0x3f80, 0xc000) },
    { image: Uint8Array.of(4, 5, 6, 7), label: -1n, mask: false, half: Uint16Array.of(0, 1) },
    { image: Uint8Array.of(8, 9, 10, 11), label: 2n ** 62n, mask: true, half: Uint16Array.of(2, 3) },
  ]);
});

test('tensors that do not agree in their rows are refused, and can be chosen', async () => {
  const error = await failure('ZC_CONVERT_MIXED', () => infer(golden('weights.safetensors')));
  expect(error.advice).toContain('--exclude');
  const source = await infer(golden('weights.safetensors'), { exclude: ['bias'] });
  expect(await collect(source)).toEqual(Array(3).fill({ weight: Uint16Array.of(0x3c00, 0x3c00) }));
});

test.each([
  ['claims a header that is longer than any', withHeader('{}', 2n ** 33n), 'ZC_CONVERT_LIMIT'],
  ['claims a header beyond its end', withHeader('{"a"', 1000n), 'ZC_CONVERT_SOURCE'],
  ['has a header that is no JSON', withHeader('{"a":'), 'ZC_CONVERT_SOURCE'],
  ['has no tensor', withHeader('{}'), 'ZC_CONVERT_EMPTY'],
  ['has an unknown type', withTensors({ a: ['F8_E4M3', [1], 0, 1] }, 1), 'ZC_CONVERT_UNSUPPORTED'],
  ['has a tensor longer than its shape', withTensors({ a: ['U8', [1], 0, 2] }, 2), 'ZC_CONVERT_SOURCE'],
  ['has a tensor beyond its end', withTensors({ a: ['U8', [9], 0, 9] }, 2), 'ZC_CONVERT_SOURCE'],
  [
    'has tensors that overlap',
    withTensors({ a: ['U8', [4], 0, 4], b: ['U8', [4], 2, 6] }, 6),
    'ZC_CONVERT_SOURCE',
  ],
  ['has a hole', withTensors({ a: ['U8', [2], 0, 2], b: ['U8', [2], 4, 6] }, 6), 'ZC_CONVERT_SOURCE'],
  ['has bytes that no tensor owns', withTensors({ a: ['U8', [2], 0, 2] }, 6), 'ZC_CONVERT_SOURCE'],
  ['has a negative extent', withTensors({ a: ['U8', [-2], 0, 2] }, 2), 'ZC_CONVERT_SOURCE'],
] as const)('a file that %s is refused', async (_what, bytes, code) => {
  const path = join(temporaryDirectory(), 'x.safetensors');
  writeFileSync(path, bytes);
  const error = await failure(code, () => infer(path));
  expect(error.path).toBe(path);
});

test('a file that is longer than it says is refused', async () => {
  const path = join(temporaryDirectory(), 'x.safetensors');
  writeFileSync(path, Buffer.concat([readFileSync(golden('rows.safetensors')), Buffer.alloc(1)]));
  await failure('ZC_CONVERT_SOURCE', () => infer(path));
});

function withHeader(header: string, claims = BigInt(header.length)): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(claims);
  return Buffer.concat([prefix, Buffer.from(header)]);
}

type Claim = readonly [dtype: string, shape: readonly number[], begin: number, end: number];

function withTensors(tensors: Record<string, Claim>, dataBytes: number): Buffer {
  const entries = Object.entries(tensors).map(([name, [dtype, shape, begin, end]]) => [
    name,
    { dtype, shape, data_offsets: [begin, end] },
  ]);
  return Buffer.concat([withHeader(JSON.stringify(Object.fromEntries(entries))), Buffer.alloc(dataBytes)]);
}
