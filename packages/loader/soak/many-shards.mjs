/**
 * 100,000 shards with 10^10 samples: opened, read, restored at any place, and every shard touched, by batches and
 * by `get`. What it takes is printed; what is checked are the samples, and what the process may hold.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SHARDS = 100_000;
const SAMPLES_PER_SHARD = 100_000;
/** Of batches from every shard: the index cache, the shards kept open, and what V8 has not collected yet. */
const MB_MAX = 2000;
const DESCRIPTORS_MAX = 1024;
const MAPS_MAX = Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8'));

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const shards = Math.max(1000, Math.round(SHARDS * Number(values.scale)));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
try {
  const directory = join(folder, 'set');
  run('write-many-shards', [directory, shards, SAMPLES_PER_SHARD]);
  report(
    run('many-shards', [directory])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function run(name, args) {
  const script = join(root, 'packages/loader/test/children', `${name}.mts`);
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', script, ...args.map(String)], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.base.json') },
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
  return stdout;
}

function report(steps) {
  const [bare, open, first] = steps;
  const restores = steps.filter(({ step }) => step === 'restored').map(({ ms }) => ms);
  const touched = steps.find(({ step }) => step === 'touched by batches');
  const held = steps.find(({ step }) => step.endsWith('held'));
  const openMb = open.mb - bare.mb;
  console.log(
    `${shards} shards of ${SAMPLES_PER_SHARD} samples: open in ${open.ms} ms and ${openMb} MB, a first batch ` +
      `in ${first.ms} ms, restored in ${restores.join(', ')} ms; all touched by batches in ` +
      `${Math.round(touched.ms / 1000)} s with ${touched.mb} MB, ${touched.descriptors} descriptors and ` +
      `${touched.maps} maps; by get in ${Math.round(held.ms / 1000)} s, all views held, with ${held.maps} maps`,
  );
  // Each step counts what it found wrong, the last one the views that did not outlive the dataset.
  const isRight = steps.at(-1).step === 'closed' && steps.every(({ wrong }) => wrong === 0);
  const descriptors = Math.max(...steps.map((step) => step.descriptors));
  const maps = Math.max(...steps.map((step) => step.maps));
  const holdsTooMuch = touched.mb > MB_MAX || descriptors > DESCRIPTORS_MAX || maps > MAPS_MAX;
  if (!isRight || holdsTooMuch) process.exitCode = 1;
}
