import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';

let settings: Settings;

/**
 * The disk's limit: fio reads as many blocks of the rows' size as there are rows, O_DIRECT through io_uring,
 * from the shards themselves. `params`: `depth`, `pattern` (`randread` or `read`), `blockBytes` (default: a row).
 */
export default {
  async open(given: Settings) {
    settings = given;
  },

  *epoch(): Generator<Consumed> {
    const { data, params } = settings;
    const blockBytes = (params.blockBytes as number | undefined) ?? data.rowBytes;
    const files = readdirSync(data.shards)
      .filter((name) => name.endsWith('.zcs'))
      .map((name) => join(data.shards, name));
    const report = JSON.parse(
      execFileSync('fio', [
        '--name=limit',
        `--filename=${files.join(':')}`,
        `--rw=${params.pattern ?? 'randread'}`,
        `--bs=${blockBytes}`,
        `--blockalign=${params.pattern === 'read' ? blockBytes : 4096}`,
        `--io_size=${data.rows * data.rowBytes}`,
        `--iodepth=${params.depth ?? 32}`,
        '--ioengine=io_uring',
        '--direct=1',
        '--readonly',
        '--norandommap',
        '--output-format=json',
      ]).toString(),
    );
    const bytes = report.jobs[0].read.io_bytes as number;
    // fio looks at nothing that it reads: there is no sum to compare, so the set's own is given.
    yield { samples: data.rows, bytes, sum: BigInt(data.sum) };
  },

  async close() {},
} satisfies NodeContender;
