import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const DROP = `
import os, sys
for path in sys.argv[1:]:
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
`;

/** Drops files from the page cache. Pages that some process has mapped stay. */
export function dropFromPageCache(paths: readonly string[]): void {
  execFileSync('python3', ['-c', DROP, ...paths]);
}

/** The shards of a dataset's directory. */
export function shardPaths(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.zcs'));
  return names.sort().map((name) => join(directory, name));
}
