import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { crc32c, READ_WAYS } from '../src/index.js';
import { runChild } from './helpers/child.js';
import { writePattern } from './helpers/pattern.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const path = join(temporaryFolder(), 'data');
let checksum: number;
beforeAll(() => {
  checksum = crc32c(writePattern(path, 3_000_001));
});

const refuse = fileURLToPath(new URL('helpers/refuse.py', import.meta.url));

describe.each([
  ['EPERM', /seccomp|kernel\.io_uring_disabled/],
  ['ENOSYS', /Linux 5\.6/],
  ['EMFILE', /ulimit -n/],
  ['ENOMEM', /ulimit -l/],
] as const)('where io_uring_setup fails with %s', (name, advice) => {
  test('the reason is told, and threads read the same bytes', async () => {
    const before = ['python3', refuse, 'io_uring_setup', String(constants.errno[name])];
    const { code, stdout, stderr } = await runChild('read-without-io-uring.ts', [path], { before });
    expect(code, stderr).toBe(0);
    // Said once, though there are two engines, one of them on a worker thread.
    expect(stderr.match(/ZC_IO_NO_RING/g)).toHaveLength(1);
    expect(stderr).toContain(name);
    const { ioUring, backend, reason, checksums, refused } = JSON.parse(stdout);
    expect(ioUring).toEqual({
      ok: false,
      reason: expect.stringContaining(name),
      advice: expect.stringMatching(advice),
    });
    expect(backend).toBe('threads');
    expect(reason).toContain(ioUring.reason);
    expect(checksums).toEqual(Object.fromEntries(Object.keys(READ_WAYS).map((way) => [way, checksum])));
    expect(refused).toMatchObject({ code: 'ZC_IO_RING_REFUSED', summary: expect.stringContaining(name) });
  });
});
