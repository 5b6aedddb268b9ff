import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter, fileSink } from '@zc/format/node';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { directSink } from '../src/direct-sink.js';

/** Bytes in which no two blocks are alike. */
const pattern = (length: number) => new Uint8Array(length).map((_, i) => (i * 7 + (i >> 12) * 13) & 255);

const MiB = 2 ** 20;

test.each([
  ['nothing', []],
  ['a byte', [1]],
  ['a block', [4096]],
  ['a block and a byte', [4096, 1]],
  ['a whole buffer', [4 * MiB]],
  ['many buffers in odd chunks', [1, 4 * MiB - 1, 5 * MiB + 3, 7, 9 * MiB, 4095]],
])('%s is in the file as it was written', async (_name, lengths) => {
  const path = join(temporaryDirectory(), 'file');
  const sink = await directSink(path);
  const all = pattern(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const length of lengths) {
    const chunk = all.slice(at, at + length);
    await sink.write(chunk);
    // The chunk is the caller's again.
    chunk.fill(0xee);
    at += length;
  }
  await sink.finish();
  expect(Buffer.compare(readFileSync(path), all)).toBe(0);
});

test.skipIf(!existsSync('/dev/shm'))('a filesystem without direct I/O gets the same bytes', async () => {
  const folder = mkdtempSync('/dev/shm/zc-convert-');
  try {
    const sink = await directSink(join(folder, 'file'));
    await sink.write(pattern(10_000));
    await sink.finish();
    expect(Buffer.compare(readFileSync(join(folder, 'file')), pattern(10_000))).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what waits is spilled and read back', async () => {
  const sink = await directSink(join(temporaryDirectory(), 'file'));
  const area = await sink.spill!();
  await area.append(pattern(5000));
  expect(await area.read(1000, 3000)).toEqual(pattern(5000).subarray(1000, 4000));
  await area.close();
  await sink.close();
});

test('a file that is there is not written to', async () => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, 'mine');
  await failure('ZC_IO_EXISTS', () => directSink(path));
});

test('a sink that is closed early, or twice, holds no descriptor', async () => {
  const path = join(temporaryDirectory(), 'file');
  const sink = await directSink(path);
  await sink.write(pattern(9 * MiB));
  await sink.close();
  await sink.close();
  const open = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  expect(open.filter((file) => file.startsWith(dirname(path)))).toEqual([]);
  expect(await readdir(dirname(path))).toEqual([]);
});

test('a dataset is the same to the bit, whichever way it is written', async () => {
  const schema = defineSchema({ x: field.tensor('uint8', [300_000]), note: field.text() });
  const written = async (openSink: typeof directSink) => {
    const folder = join(temporaryDirectory(), 'set');
    await using writer = await DatasetWriter.create(folder, { schema, openSink, shardBytes: 4 * MiB });
    for (let i = 0; i < 40; i++) {
      const data = pattern(300_000 + i).subarray(i);
      await writer.append({ x: { data, shape: [300_000], dtype: 'uint8' }, note: `row ${i}` });
    }
    await writer.finish();
    return readdirSync(folder)
      .sort()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]);
  };
  const direct = await written(directSink);
  expect(direct).toEqual(await written(fileSink));
  expect(direct.length).toBe(5);
});
