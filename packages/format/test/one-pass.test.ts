import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { ShardReader } from '../src/index.js';
import { fileSource, nodeDigests } from '../src/node/index.js';
import { runChild } from './helpers/run-child.js';

test('512 MiB are written, half of them spilled, in far less memory', async () => {
  const path = join(temporaryDirectory(), 'large.zcs');
  const { peakBytes, bytes, samples } = await runChild('test/helpers/write-many.ts', [path, '512']);
  expect(bytes).toBeGreaterThan(2 ** 29);
  expect(peakBytes).toBeLessThan(320 * 2 ** 20);
  await using source = await fileSource(path);
  const shard = await ShardReader.open(source, { digests: nodeDigests });
  expect(shard.length).toBe(samples);
  const last = await shard.get(samples - 1);
  expect(last.label).toBe(samples - 1);
  expect((last.photo as Uint8Array).every((byte) => byte === ((samples - 1) & 0xff))).toBe(true);
});
