import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, work } from '../process.mjs';
import { doStep, SetupError } from '../step.mjs';

const PACKAGES = ['liburing-dev', 'libzstd-dev'];
const APT_LINE = `apt-get install -y ${PACKAGES.join(' ')}`;
const ADVICE = `Run: sudo ${APT_LINE}   (Fedora: sudo dnf install liburing-devel libzstd-devel libzstd-static)`;

/** The headers and static libraries of liburing and zstd, for the native core. */
export async function nativeLibraries() {
  await doStep('native-libraries', {
    title: 'liburing and zstd found',
    inputs: [ask('g++', ['-dumpfullversion']) ?? ''],
    present: () =>
      ['liburing.a', 'libzstd.a'].every((name) => existsSync(ask('g++', [`-print-file-name=${name}`]) ?? '')),
    run: async () => {
      if (links()) return;
      if (process.getuid?.() !== 0 || ask('apt-get', ['--version']) === undefined) {
        throw new SetupError('liburing or zstd is not installed', ADVICE);
      }
      // A package list that was never fetched, or is old, names files that are no longer there.
      await work('apt-update', 'apt-get', ['update'], ADVICE);
      await work('apt-libraries', 'apt-get', ['install', '-y', ...PACKAGES], ADVICE);
      if (!links()) throw new SetupError('both are installed but a program does not link with them', ADVICE);
      return 'installed by apt-get';
    },
  });
}

/** Whether a program that uses both compiles and links with the static libraries. */
function links() {
  const folder = mkdtempSync(join(tmpdir(), 'zc-setup-'));
  try {
    const libraries = ['-l:liburing.a', '-l:libzstd.a'];
    const { status } = spawnSync('g++', ['-x', 'c++', '-', '-o', join(folder, 'probe'), ...libraries], {
      input:
        '#include <liburing.h>\n#include <zstd.h>\n' +
        'int main() { io_uring ring; ZSTD_versionNumber(); return io_uring_queue_init(1, &ring, 0); }\n',
    });
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
