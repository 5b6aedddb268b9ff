import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { tarOfRows } from './tar-of-rows.js';

let settings: Settings;
let tar: string;

/**
 * The disk's limit for reading and writing at once: one fio job reads the tar while another makes a file of its size,
 * both in blocks of 1 MiB, O_DIRECT, 32 in flight; the slower one's time counts.
 */
export default {
  async open(given: Settings) {
    settings = given;
    tar = await tarOfRows(given);
  },

  *epoch(): Generator<Consumed> {
    const bytes = statSync(tar).size;
    const job = (name: string, path: string) => [
      `--name=${name}`,
      `--filename=${path}`,
      `--rw=${name}`,
      `--size=${bytes}`,
    ];
    const report = JSON.parse(
      execFileSync('fio', [
        ...['--bs=1M', '--iodepth=32', '--ioengine=io_uring', '--direct=1', '--end_fsync=1'],
        '--output-format=json',
        ...job('read', tar),
        ...job('write', settings.output!.path),
      ]).toString(),
    );
    const [read, write] = report.jobs as { read: { runtime: number }; write: { runtime: number } }[];
    const seconds = Math.max(read!.read.runtime, write!.write.runtime) / 1000;
    yield { samples: bytes / settings.data.rowBytes, bytes, sum: 0n, seconds };
  },

  async close() {},
} satisfies NodeContender;
