import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { MappedFile } from '../src/index.js';
import { rejected, thrown } from './helpers/caught.js';
import { writePattern } from './helpers/pattern.js';
import { expectSameBytes } from './helpers/same-bytes.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const MIB = 2 ** 20;
const folder = temporaryFolder();
const path = join(folder, 'data');
const size = 40 * MIB + 123;
let bytes: Uint8Array;
beforeAll(() => {
  bytes = writePattern(path, size);
});

describe('views', () => {
  test.each([
    ['the first byte', 0, 1],
    ['the last byte', size - 1, 1],
    ['nothing, at the end', size, 0],
    ['across where windows begin', 8 * MIB - 100, 200],
    ['half a window from just before the next one', 8 * MIB - 1, 8 * MIB],
    ['wider than a window, from an odd place', 3 * MIB + 17, 30 * MIB],
    ['the whole file', 0, size],
  ])('%s', (_, offset, length) => {
    using file = new MappedFile(path);
    expectSameBytes(file.view(offset, length), bytes.subarray(offset, offset + length));
  });

  test('as other elements are the same bytes', () => {
    using file = new MappedFile(path);
    for (const [offset, length] of [
      [8, 100],
      [8 * MIB - 8, 24],
      [16, 30 * MIB],
    ] as const) {
      const view = file.viewAs(Uint32Array, offset, length / 4);
      expectSameBytes(
        new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
        bytes.subarray(offset, offset + view.byteLength),
      );
    }
    thrown('ZC_ARGUMENT', () => file.viewAs(Float64Array, 0, size / 8 + 1));
    expect(() => file.viewAs(Float64Array, 4, 1)).toThrow(RangeError);
  });

  test('keep the alignment that the bytes have in the file', () => {
    using file = new MappedFile(path);
    for (const offset of [0, 8, 8 * MIB + 16, 20 * MIB + 8]) {
      for (const length of [64, 18 * MIB]) expect(file.view(offset, length).byteOffset % 8).toBe(0);
    }
  });

  test('of a file that is hardly touched have small buffers of their own', () => {
    using file = new MappedFile(path);
    const views = Array.from({ length: 16 }, (_, i) => file.view(i * 5000, 10));
    expect(new Set(views.map(({ buffer }) => buffer)).size).toBe(16);
    for (const { buffer } of views) expect(buffer.byteLength).toBeLessThanOrEqual(4096);
  });

  test('of one window share its buffer, which is never wider than 16 MiB', () => {
    using file = new MappedFile(path);
    for (let i = 0; i < 16; i++) file.view(0, 1);
    const first = file.view(10, 10);
    expect(file.view(5 * MIB, 100).buffer).toBe(first.buffer);
    expect(first.buffer.byteLength).toBe(16 * MIB);
    file.view(20 * MIB, 1);
    expect(file.view(10, 10).buffer).toBe(first.buffer);
  });

  test('can be written to, seen by other views, never by the file', () => {
    using file = new MappedFile(path);
    file.view(4096, 1)[0]! ^= 0xff;
    expect(file.view(4096, 1)[0]).toBe(bytes[4096]! ^ 0xff);
    using again = new MappedFile(path);
    expect(again.view(4096, 1)[0]).toBe(bytes[4096]);
  });

  test.each([
    [-1, 1],
    [0, size + 1],
    [size, 1],
    [0.5, 1],
    [0, Number.NaN],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('a range that is not within the file (%d, %d) is refused', (offset, length) => {
    using file = new MappedFile(path);
    const error = thrown('ZC_ARGUMENT', () => file.view(offset, length));
    expect(error.path).toBe(path);
    thrown('ZC_ARGUMENT', () => file.read(offset, length));
    thrown('ZC_ARGUMENT', () => file.residentBytes(offset, length));
  });
});

test('an empty file has empty views', () => {
  const empty = join(folder, 'empty');
  writeFileSync(empty, '');
  using file = new MappedFile(empty);
  expect(file.sizeBytes).toBe(0);
  expect(file.view(0, 0).length).toBe(0);
  expect(file.read(0, 0).length).toBe(0);
});

test('a file that is not there, and one that is no file', () => {
  const error = thrown('ZC_IO_OPEN', () => new MappedFile(join(folder, 'none')));
  expect(error).toMatchObject({
    path: join(folder, 'none'),
    details: { errno: 2, operation: expect.any(String) },
  });
  expect(error.message).toContain('No such file or directory');
  expect(error.advice).toContain('check the path');
  expect(thrown('ZC_IO_OPEN', () => new MappedFile(folder)).path).toBe(folder);
});

test('read copies', () => {
  using file = new MappedFile(path);
  const copy = file.read(5000, 1000);
  expectSameBytes(copy, bytes.subarray(5000, 6000));
  copy.fill(0);
  expectSameBytes(file.view(5000, 1000), bytes.subarray(5000, 6000));
});

test('advice and residency: populated pages are resident', async () => {
  using file = new MappedFile(path);
  for (const advice of ['random', 'sequential', 'willneed', 'dontneed', 'normal'] as const) {
    file.advise(100, 10_000, advice);
  }
  await file.populate(0, size);
  expect(file.residentBytes(0, size)).toBe(size);
  expect(file.residentBytes(777, 1)).toBe(1);
  expect(file.residentBytes(0, 0)).toBe(0);
});

test('a file cut short: zeros for what is lost, and poison', async () => {
  const cut = join(folder, 'cut');
  const before = writePattern(cut, 64 * 1024);
  using file = new MappedFile(cut);
  const view = file.view(0, 64 * 1024);
  file.check();
  truncateSync(cut, 8192);
  expect(file.poisoned).toBe(false);
  expect(view[20_000]).toBe(0);
  expect(file.poisoned).toBe(true);
  expectSameBytes(view.subarray(0, 8192), before.subarray(0, 8192));
  const error = thrown('ZC_IO_POISONED', () => file.check());
  expect(error).toMatchObject({ path: cut, offset: 16_384, expected: 64 * 1024 });
  expect(view[8192]).toBe(0);
  expect(thrown('ZC_IO_POISONED', () => file.check()).offset).toBe(8192);
  thrown('ZC_IO_SHORT_READ', () => file.read(0, 64 * 1024));
});

test('populating what was cut off fails, and does not crash', async () => {
  const cut = join(folder, 'cut-before');
  writePattern(cut, 64 * 1024);
  using file = new MappedFile(cut);
  truncateSync(cut, 0);
  const error = await file.populate(0, 64 * 1024).catch((error) => error);
  expect(error).toMatchObject({
    code: expect.stringMatching(/^ZC_IO_(READ|POISONED|SHORT_READ|MAP)$/),
    path: cut,
  });
});

test('after close() no more views are made, and those that are held stay', async () => {
  const file = new MappedFile(path);
  const view = file.view(0, 100);
  file.close();
  file.close();
  expect(file.closed).toBe(true);
  expectSameBytes(view, bytes.subarray(0, 100));
  expect(thrown('ZC_IO_CLOSED', () => file.view(0, 1)).path).toBe(path);
  thrown('ZC_IO_CLOSED', () => file.read(0, 1));
  thrown('ZC_IO_CLOSED', () => file.advise(0, 1, 'normal'));
  await rejected('ZC_IO_CLOSED', file.populate(0, 1));
});

test('a read that no array can hold is a typed error', () => {
  const path = join(folder, 'vast');
  writeFileSync(path, '');
  truncateSync(path, 2 ** 42);
  using file = new MappedFile(path);
  expect(() => file.read(0, 2 ** 42)).toThrow(expect.objectContaining({ code: 'ZC_IO_MEMORY' }));
});
