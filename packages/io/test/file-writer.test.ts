import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { collectUntil } from '../../../tools/testing/garbage.js';
import { crc32c, FileWriter } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { rejected, thrown } from './helpers/caught.js';
import { runChild } from './helpers/child.js';
import { pattern } from './helpers/pattern.js';
import { descriptorsOf } from './helpers/process-resources.js';
import { expectSameBytes } from './helpers/same-bytes.js';
import { canMount, smallExt4, smallTmpfs } from './helpers/small-disk.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const MIB = 2 ** 20;
const folder = temporaryFolder();
let files = 0;
const newPath = () => join(folder, `file-${files++}`);
const mountable = canMount();

describe.each(backends)('a writer on %s', (backend) => {
  test.each([
    ['nothing', []],
    ['a byte', [1]],
    ['a block', [MIB]],
    ['many blocks in odd chunks', [1, MIB - 1, 5 * MIB + 3, 7, 12 * MIB, 0, 4095]],
  ])('%s is in the file as it was written', async (_name, lengths) => {
    const path = newPath();
    const all = pattern(lengths.reduce((sum, length) => sum + length, 0));
    await using writer = new FileWriter(path, { backend, blocks: 3 });
    expect(writer.backend).toBe(backend);
    let at = 0;
    for (const length of lengths) {
      const chunk = all.slice(at, at + length);
      await writer.append(chunk);
      // The chunk is the caller's again.
      chunk.fill(0xee);
      at += length;
    }
    expect(writer.length).toBe(all.length);
    expect(existsSync(path)).toBe(false);
    const written = await writer.finish();
    expect([written.bytes, written.crc32c]).toEqual([all.length, crc32c(all)]);
    expectSameBytes(readFileSync(path), all);
  });

  test('aborting leaves nothing, also in the middle of an append', async () => {
    const path = newPath();
    const writer = new FileWriter(path, { backend, blocks: 2 });
    const appending = rejected('ZC_IO_CLOSED', writer.append(pattern(64 * MIB)));
    await writer.abort();
    await appending;
    await rejected('ZC_IO_CLOSED', writer.append(new Uint8Array(1)));
    await rejected('ZC_IO_CLOSED', writer.finish());
    await writer.abort();
    expect(readdirSync(folder).filter((name) => path.endsWith(name))).toEqual([]);
  });

  test('has no thread, ring or descriptor left once it has finished', async () => {
    const path = newPath();
    const own = () => descriptorsOf(new RegExp(`io_uring|eventfd|${folder}`));
    const before = own();
    const writer = new FileWriter(path, { backend });
    await writer.append(pattern(3 * MIB));
    expect(own()).toBeGreaterThan(before);
    await writer.finish();
    expect(own()).toBe(before);
  });

  test('that was forgotten leaves nothing', async () => {
    const own = () => descriptorsOf(new RegExp(`io_uring|${folder}`));
    const before = own();
    const path = newPath();
    await (async () => new FileWriter(path, { backend }).append(pattern(3 * MIB)))();
    expect(await collectUntil(() => own() === before)).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  test.skipIf(!mountable)('a full disk is an error, and leaves nothing', async () => {
    for (const make of [smallTmpfs, smallExt4]) {
      using disk = make(20 * MIB);
      await using writer = new FileWriter(join(disk.path, 'file'), { backend });
      const writing = (async () => {
        for (let i = 0; i < 40; i++) await writer.append(pattern(MIB));
      })();
      const error = await rejected('ZC_IO_WRITE', writing);
      expect(error.message).toContain('ENOSPC');
      expect(error.path).toBe(join(disk.path, 'file'));
      await rejected('ZC_IO_WRITE', writer.finish());
      expect(readdirSync(disk.path).filter((name) => name !== 'lost+found')).toEqual([]);
      // The blocks are free again.
      writeFileSync(join(disk.path, 'another'), pattern(10 * MIB));
    }
  });

  test.skipIf(!mountable).each([true, false])('a failing disk is an error (direct: %s)', async (direct) => {
    using disk = smallExt4(64 * MIB);
    const path = join(disk.path, 'file');
    await using writer = new FileWriter(path, { backend, direct });
    await writer.append(pattern(2 * MIB));
    disk.cut(4 * MIB);
    const writing = (async () => {
      await writer.append(pattern(8 * MIB));
      await writer.finish();
    })();
    const error = await rejected('ZC_IO_WRITE', writing);
    // Through the page cache the filesystem meets the loss first, in its own tables, and finds its own words.
    expect(error.message).toMatch(direct ? /\(EIO\)/ : /\(E[A-Z]+\)/);
    expect(existsSync(path)).toBe(false);
  });

  test.each(['SIGINT', 'SIGKILL'] as const)('a process that ends by %s leaves nothing', async (signal) => {
    const path = newPath();
    const end = await runChild('write-until-signal.ts', [path, backend, signal]);
    expect([end.signal, end.stderr]).toEqual([signal, '']);
    expect(readdirSync(folder).filter((name) => name.includes(path.slice(folder.length + 1)))).toEqual([]);
  });

  test.each(['terminate', 'exit'])('a worker that ends by %s leaves nothing', async (end) => {
    const path = newPath();
    const { code, signal, stdout, stderr } = await runChild('worker-while-writing.ts', [path, backend, end]);
    expect([code, signal, stderr]).toEqual([0, null, '']);
    expect(JSON.parse(stdout)).toEqual({ files: 0, rings: 0, exists: false });
  });
});

test('a file that is there is replaced only where that was asked for', async () => {
  const path = newPath();
  writeFileSync(path, 'mine');
  thrown('ZC_IO_EXISTS', () => new FileWriter(path));
  await using writer = new FileWriter(path, { overwrite: true });
  await writer.append(pattern(10));
  expect(readFileSync(path, 'utf8')).toBe('mine');
  await writer.finish();
  expect(statSync(path).size).toBe(10);
});

test('what is no call is an error that says so', async () => {
  thrown('ZC_ARGUMENT', () => new FileWriter(newPath(), { blocks: 1 }));
  thrown('ZC_ARGUMENT', () => new FileWriter(newPath(), { backend: 'magic' as 'auto' }));
  expect(thrown('ZC_IO_WRITE', () => new FileWriter('/no/such/place/file')).message).toContain('ENOENT');
  await using writer = new FileWriter(newPath(), { blocks: 2 });
  await rejected('ZC_ARGUMENT', writer.append('text' as unknown as Uint8Array));
  const long = writer.append(pattern(16 * MIB));
  await rejected('ZC_ARGUMENT', writer.append(pattern(1)));
  await rejected('ZC_ARGUMENT', writer.finish());
  await long;
  expect((await writer.finish()).bytes).toBe(16 * MIB);
});

test('a chunk that is taken away while it waits for room is an error', async () => {
  await using writer = new FileWriter(newPath(), { blocks: 2 });
  const chunk = pattern(64 * MIB);
  const appending = rejected('ZC_ARGUMENT', writer.append(chunk));
  structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] });
  expect((await appending).message).toContain('became shorter');
});

test('many writers at once write their own files', async () => {
  const paths = Array.from({ length: 6 }, newPath);
  await Promise.all(
    paths.map(async (path, seed) => {
      await using writer = new FileWriter(path);
      for (let i = 0; i < 3; i++) await writer.append(pattern(MIB + seed, seed + 1));
      await writer.finish();
    }),
  );
  for (const [seed, path] of paths.entries()) {
    const part = pattern(MIB + seed, seed + 1);
    expectSameBytes(readFileSync(path), Buffer.concat([part, part, part]));
  }
});

test('no checksum is computed where none is wanted', async () => {
  await using writer = new FileWriter(newPath(), { checksum: false });
  await writer.append(pattern(MIB + 1));
  expect((await writer.finish()).crc32c).toBe(0);
});
