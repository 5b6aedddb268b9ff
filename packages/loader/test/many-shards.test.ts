import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { backends } from './helpers/backends.js';
import { writeManyShards } from './helpers/many-shards.js';

/** What the child prints of each step. */
interface Step {
  step: string;
  wrong: number;
  descriptors: number;
  maps: number;
}

const SHARDS = 1000;
const DESCRIPTORS_MAX = 160;
const root = fileURLToPath(new URL('../../..', import.meta.url));
const child = fileURLToPath(new URL('children/many-shards.mts', import.meta.url));

test.each(backends)(
  'many shards are touched with %s and few descriptors, and views survive',
  async (backend) => {
    const directory = join(temporaryDirectory(), 'set');
    await writeManyShards(directory, { shards: SHARDS, samplesPerShard: 50 });
    // A batch of 64 samples comes from as many files, of which there may be forty.
    const limited = ['-c', `ulimit -n ${DESCRIPTORS_MAX} && exec "$@"`, 'sh'];
    const command = [...limited, process.execPath, '--import', 'tsx', child, directory];
    const printed = execFileSync('sh', command, {
      encoding: 'utf8',
      cwd: root,
      timeout: 60_000,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.base.json'), ZC_IO_BACKEND: backend },
    });
    const steps = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Step);
    expect(steps.map(({ step }) => step)).toContain('closed');
    for (const { step, wrong, descriptors } of steps) {
      expect(wrong, step).toBe(0);
      expect(descriptors, step).toBeLessThan(DESCRIPTORS_MAX);
    }
    const held = steps.find(({ step }) => step.endsWith('held'))!;
    // Each view that is held holds its map, whether or not its shard is still open.
    expect(held.maps).toBeGreaterThanOrEqual(SHARDS);
  },
);
