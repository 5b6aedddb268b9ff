import { execFileSync } from 'node:child_process';
import { ZcError } from '@zc/errors';
import { MappedFile } from '@zc/io';

const RESIDENT_SHARE_MAX = 0.01;

/**
 * Drops files from the page cache, so that the next read of them comes from the disk.
 *
 * Node has no posix_fadvise(2); `dd` of the GNU coreutils asks for it with `nocache` (see its manual).
 *
 * @throws ZC_ARGUMENT where they would not go: somebody has them mapped, or the filesystem keeps them
 */
export function dropFromPageCache(paths: readonly string[]): void {
  for (const path of paths) {
    execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
    using file = new MappedFile(path);
    const resident = file.residentBytes(0, file.sizeBytes);
    if (resident <= RESIDENT_SHARE_MAX * file.sizeBytes) continue;
    throw new ZcError('ZC_ARGUMENT', `${resident} bytes stayed in the page cache after being dropped`, {
      path,
      expected: 0,
      actual: resident,
      advice: 'Another program has the file mapped, or its filesystem lies in memory. Leave --cold out.',
    });
  }
}
