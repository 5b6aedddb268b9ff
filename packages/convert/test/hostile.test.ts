import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isZcError } from '@zc/errors';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { infer } from '../src/index.js';

/** Files of other libraries, and how many bytes lie between two that are damaged. */
const files: [name: string, step: number][] = [
  ['webdataset/two.tar', 601],
  ['webdataset/two.tar.gz', 17],
  ['webdataset/two.tar.zst', 17],
  ['safetensors/rows.safetensors', 3],
  ['numpy/stored.npz', 7],
  ['numpy/deflated.npz', 5],
  ['python/rows.csv', 7],
  ['python/rows.jsonl', 11],
  ['python/rows.jsonl.gz', 3],
];

/** Reads a file of these bytes to its end; a coded error is an answer, anything else fails the test. */
async function read(path: string, bytes: Uint8Array): Promise<number> {
  writeFileSync(path, bytes);
  let good = 0;
  try {
    for await (const row of (await infer(path)).rows(0)) if ('sample' in row) good++;
  } catch (error) {
    if (!isZcError(error)) throw error;
  }
  return good;
}

test.each(files)('%s, cut anywhere, is read or refused', async (name, step) => {
  const bytes = readFileSync(fileURLToPath(new URL(`golden/${name}`, import.meta.url)));
  const path = join(temporaryDirectory(), basename(name));
  expect(await read(path, bytes)).toBeGreaterThan(0);
  for (let length = 0; length < bytes.length; length += step) await read(path, bytes.subarray(0, length));
});

test.each(files)('%s with flipped bits is read or refused', async (name, step) => {
  const bytes = readFileSync(fileURLToPath(new URL(`golden/${name}`, import.meta.url)));
  const path = join(temporaryDirectory(), basename(name));
  for (let at = 0; at < bytes.length; at += step) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 1 << (at % 8);
    await read(path, damaged);
  }
});
