import { readFileSync } from 'node:fs';
import { isZcError } from '@zc/errors';
import { expect, test } from 'vitest';
import { openShard } from './helpers/open-shard.js';

const folder = new URL('golden/bad/', import.meta.url);
const shards: { file: string; code: string | null }[] = JSON.parse(
  readFileSync(new URL('bad.json', folder), 'utf8'),
);

/** Python's tests read the same files and expect the same codes. */
test.each(shards)('$file ends with $code', async ({ file, code }) => {
  expect(await readAll(new Uint8Array(readFileSync(new URL(file, folder))))).toBe(code);
});

async function readAll(bytes: Uint8Array): Promise<string | null> {
  try {
    const shard = await openShard(bytes);
    for (let i = 0; i < shard.length; i++) await shard.get(i);
    return null;
  } catch (error) {
    if (isZcError(error)) return error.code;
    throw error;
  }
}
