import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../src/index.js';
import { runChild } from './helpers/child.js';
import { writePattern } from './helpers/pattern.js';
import { canMount, smallTmpfs } from './helpers/small-disk.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

/** Processes that may do less than usual: what is left works, and what is missing is said once. */
const LENGTH = 300_001;
const folder = temporaryFolder();
const path = join(folder, 'data');
const checksum = crc32c(writePattern(path, LENGTH));
const refuse = fileURLToPath(new URL('helpers/refuse.py', import.meta.url));
const root = canMount();
const reason = root ? '' : ' (not run: it needs root)';

const everyWay = Array.from({ length: 5 }, () => checksum);
const warningsIn = (stderr: string) => stderr.match(/ZC_IO_NO_\w+/g) ?? [];

test.each([65_536, 0])('with a limit of %d bytes of locked memory everything is read', async (bytes) => {
  const before = ['prlimit', `--memlock=${bytes}`];
  const { code, stdout, stderr } = await runChild('read-all-ways.ts', [path, path], { before });
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ [path]: everyWay });
});

test.each(['ENOSYS', 'EPERM'] as const)(
  'where memfd_create fails with %s everything is read',
  async (name) => {
    const before = ['python3', refuse, 'memfd_create', String(constants.errno[name])];
    const { code, stdout, stderr } = await runChild('read-all-ways.ts', [path], { before });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ [path]: everyWay });
    expect(warningsIn(stderr)).toEqual(['ZC_IO_NO_MEMFD']);
  },
);

test('where direct reads are refused everything is read through the page cache', async () => {
  const env = { ZC_IO_FAULTS: 'nodirect@1' };
  const { code, stdout, stderr } = await runChild('read-all-ways.ts', [path, path], { env });
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ [path]: everyWay });
  expect(warningsIn(stderr)).toEqual(['ZC_IO_NO_DIRECT']);
});

test('with no descriptor left, open files are read and what needs one is a typed error', async () => {
  const before = ['prlimit', '--nofile=80'];
  const { code, stdout, stderr } = await runChild('without-descriptors.ts', [path], { before });
  expect(code, stderr).toBe(0);
  const read = [checksum, checksum, checksum];
  expect(JSON.parse(stdout)).toEqual({
    full: {
      read,
      openFile: 'ZC_IO_OPEN 24 true',
      mappedFile: 'ZC_IO_OPEN 24 true',
      bufferPool: 'ZC_IO_MEMORY 24 true',
    },
    after: { backend: 'threads', read },
  });
  expect(warningsIn(stderr)).toEqual(['ZC_IO_NO_RING']);
});

describe.skipIf(!root)(`files on${reason}`, () => {
  test('tmpfs are read by every way, and a refusal of direct reads is said once', async () => {
    using disk = smallTmpfs(2 ** 20);
    const paths = [join(disk.path, 'a'), join(disk.path, 'b')];
    for (const each of paths) writePattern(each, LENGTH);
    const { code, stdout, stderr } = await runChild('read-all-ways.ts', paths);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ [paths[0]!]: everyWay, [paths[1]!]: everyWay });
    // Since Linux 6.6 tmpfs takes O_DIRECT and reads through the page cache all the same.
    expect(['', 'ZC_IO_NO_DIRECT']).toContain(warningsIn(stderr).join(' '));
  });

  test('overlayfs are read by every way', async () => {
    const layers = mkdtempSync(join(folder, 'overlay-'));
    const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => {
      mkdirSync(join(layers, name));
      return join(layers, name);
    });
    writePattern(join(lower!, 'a'), LENGTH);
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    execFileSync('mount', ['-t', 'overlay', 'zc-test', '-o', options, merged!]);
    try {
      const { code, stdout, stderr } = await runChild('read-all-ways.ts', [join(merged!, 'a')]);
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toEqual({ [join(merged!, 'a')]: everyWay });
    } finally {
      execFileSync('umount', [merged!]);
      rmSync(layers, { recursive: true });
    }
  });
});
