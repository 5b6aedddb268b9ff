import { execFileSync } from 'node:child_process';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';

let settings: Settings;

/**
 * The disk's limit for writing: fio makes a file of the same size in blocks of 1 MiB, O_DIRECT, and syncs it. As many
 * are in flight as `params.depth` says (32).
 */
export default {
  async open(given: Settings) {
    settings = given;
  },

  *epoch(): Generator<Consumed> {
    const { path, bytes } = settings.output!;
    const report = JSON.parse(
      execFileSync('fio', [
        '--name=limit',
        `--filename=${path}`,
        '--rw=write',
        '--bs=1M',
        `--size=${bytes}`,
        `--iodepth=${settings.params.depth ?? 32}`,
        '--ioengine=io_uring',
        '--direct=1',
        '--end_fsync=1',
        '--output-format=json',
      ]).toString(),
    );
    const { io_bytes, runtime } = report.jobs[0].write as { io_bytes: number; runtime: number };
    yield { samples: io_bytes / settings.data.rowBytes, bytes: io_bytes, sum: 0n, seconds: runtime / 1000 };
  },

  async close() {},
} satisfies NodeContender;
