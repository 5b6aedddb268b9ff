import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MmapManager } from '../src/index.js';
import { thrown } from './helpers/caught.js';
import { writePattern } from './helpers/pattern.js';
import { expectSameBytes } from './helpers/same-bytes.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const folder = temporaryFolder();
const paths = [0, 1, 2, 3].map((i) => join(folder, `file-${i}`));
const contents = paths.map((path, i) => writePattern(path, 10_000, i + 1));

test('one map a path, however often it is asked for', () => {
  using maps = new MmapManager();
  expect(maps.open(paths[0]!)).toBe(maps.open(paths[0]!));
  expect(maps.stats).toEqual({ files: 1, hits: 1, misses: 1, evictions: 0 });
});

test('the one used longest ago gives way, and stays valid for who holds it', () => {
  using maps = new MmapManager({ maxFiles: 2 });
  const [first, second] = [maps.open(paths[0]!), maps.open(paths[1]!)];
  maps.open(paths[0]!);
  maps.open(paths[2]!);
  expect(maps.stats).toEqual({ files: 2, hits: 1, misses: 3, evictions: 1 });
  expectSameBytes(second.view(0, 10_000), contents[1]!);
  expect(maps.open(paths[0]!)).toBe(first);
  expect(maps.open(paths[1]!)).not.toBe(second);
});

test('a file that another one has replaced is mapped anew', () => {
  using maps = new MmapManager();
  const old = maps.open(paths[3]!);
  const replacement = writePattern(join(folder, 'new'), 10_000, 99);
  renameSync(join(folder, 'new'), paths[3]!);
  expectSameBytes(maps.open(paths[3]!).view(0, 10_000), replacement);
  expectSameBytes(old.view(0, 10_000), contents[3]!);
});

test('a map that somebody closed is made again', () => {
  using maps = new MmapManager();
  maps.open(paths[0]!).close();
  expectSameBytes(maps.open(paths[0]!).view(0, 10_000), contents[0]!);
});

test('closing lets go, and closes nobody else’s views', () => {
  const maps = new MmapManager();
  const file = maps.open(paths[0]!);
  maps.close();
  expect(maps.stats.files).toBe(0);
  expectSameBytes(file.view(0, 10_000), contents[0]!);
  thrown('ZC_IO_CLOSED', () => maps.open(paths[0]!));
});

test('bad arguments', () => {
  using maps = new MmapManager();
  expect(thrown('ZC_IO_OPEN', () => maps.open(join(folder, 'none'))).path).toBe(join(folder, 'none'));
  for (const maxFiles of [0, -1, 1.5, Number.NaN]) {
    thrown('ZC_ARGUMENT', () => new MmapManager({ maxFiles }));
  }
});
