import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
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
  await (await directSink(path)).close();
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
  expect(open).not.toContain(path);
});
