import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, work } from '../process.mjs';
import { doStep, SetupError } from '../step.mjs';

const APT_LINE = 'apt-get install -y liburing-dev';
const ADVICE = `Run: sudo ${APT_LINE}   (Fedora: sudo dnf install liburing-devel)`;

/** liburing's header and static library, for the native core. */
export async function liburing() {
  await doStep('liburing', {
    title: 'liburing found',
    inputs: [ask('g++', ['-dumpfullversion']) ?? ''],
    present: () => existsSync(ask('g++', ['-print-file-name=liburing.a']) ?? ''),
    run: async () => {
      if (links()) return;
      if (process.getuid?.() !== 0 || ask('apt-get', ['--version']) === undefined) {
        throw new SetupError('liburing is not installed', ADVICE);
      }
      // A package list that was never fetched, or is old, names files that are no longer there.
      await work('apt-update', 'apt-get', ['update'], ADVICE);
      await work('apt-liburing', 'apt-get', ['install', '-y', 'liburing-dev'], ADVICE);
      if (!links()) throw new SetupError('liburing is installed but a program does not link with it', ADVICE);
      return 'installed by apt-get';
    },
  });
}

/** Whether a program that makes a ring compiles and links with the static library. */
function links() {
  const folder = mkdtempSync(join(tmpdir(), 'zc-setup-'));
  try {
    const { status } = spawnSync('g++', ['-x', 'c++', '-', '-o', join(folder, 'probe'), '-l:liburing.a'], {
      input:
        '#include <liburing.h>\nint main() { io_uring ring; return io_uring_queue_init(1, &ring, 0); }\n',
    });
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
