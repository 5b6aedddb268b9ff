import { execFileSync } from 'node:child_process';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';

/** Reads of these many bytes are enough to tell one depth from another. */
const TRIAL_BYTES = 64 * 2 ** 20;

let settings: Settings;
let depth: number | undefined;

/**
 * The disk's limit: fio reads as many blocks of the rows' size as there are samples, O_DIRECT through io_uring,
 * from the shards themselves.
 *
 * `params`: `depths` (of several, the best in a trial is kept; 32), `pattern` (`randread` or `read`) and
 * `blockBytes` (default: a row; of rows that differ, their mean).
 */
export default {
  async open(given: Settings) {
    settings = given;
    const { depths = [32] } = given.params as { depths?: number[] };
    if (depths.length === 1) depth = depths[0]!;
    if (depth !== undefined) return;
    const trials = depths.map((each) => ({ each, seconds: read(each, TRIAL_BYTES).seconds }));
    depth = trials.sort((a, b) => a.seconds - b.seconds)[0]!.each;
  },

  *epoch(): Generator<Consumed> {
    const { data, samples } = settings;
    // fio looks at nothing that it reads: there is no sum to compare.
    yield { samples, ...read(depth!, samples * data.rowBytes), sum: 0n };
  },

  async close() {},
} satisfies NodeContender;

function read(iodepth: number, ioBytes: number): { bytes: number; seconds: number } {
  const { data, params } = settings;
  const { blockBytes = data.rowBytes, pattern = 'randread' } = params as {
    blockBytes?: number;
    pattern?: string;
  };
  const isRandom = pattern === 'randread';
  const report = JSON.parse(
    execFileSync('fio', [
      '--name=limit',
      `--filename=${data.regions.map(({ path }) => path).join(':')}`,
      `--file_service_type=${isRandom ? 'random' : 'sequential'}`,
      `--rw=${pattern}`,
      `--bs=${blockBytes}`,
      `--blockalign=${isRandom ? 4096 : blockBytes}`,
      `--io_size=${ioBytes}`,
      `--iodepth=${iodepth}`,
      '--ioengine=io_uring',
      '--direct=1',
      '--readonly',
      '--norandommap',
      '--randrepeat=0',
      '--output-format=json',
    ]).toString(),
  );
  const { io_bytes, runtime } = report.jobs[0].read as { io_bytes: number; runtime: number };
  return { bytes: io_bytes, seconds: runtime / 1000 };
}
