import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';

const DROP = `
import os, sys
for path in sys.argv[1:]:
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
`;

/** A copy of a dataset of which the page cache holds nothing. A copy, because mapped pages cannot be dropped. */
export function coldCopy(directory: string): string {
  const copy = join(temporaryDirectory(), 'set');
  cpSync(directory, copy, { recursive: true });
  execFileSync('python3', ['-c', DROP, ...shardPaths(copy)]);
  return copy;
}

/** The shards of a dataset's directory. */
export function shardPaths(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.zcs'));
  return names.sort().map((name) => join(directory, name));
}
