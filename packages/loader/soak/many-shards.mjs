/** 100,000 shards with 10^10 samples: opened, read, restored at any place, and every shard touched. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SHARDS = 100_000;
const SAMPLES_PER_SHARD = 100_000;
const OPEN_MS_MAX = 1000;
const OPEN_MB_MAX = 250;
const BATCH_MS_MAX = 50;
const DESCRIPTORS_MAX = 1024;
const MAPS_MAX = 65_530;

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
  const wrong = steps.reduce((sum, step) => sum + step.wrong, 0);
  const late = [first.ms, ...restores].some((ms) => ms > BATCH_MS_MAX);
  const descriptors = Math.max(...steps.map((step) => step.descriptors));
  const maps = Math.max(...steps.map((step) => step.maps));
  const isMissed = open.ms > OPEN_MS_MAX || openMb > OPEN_MB_MAX || late;
  if (wrong > 0 || isMissed || descriptors > DESCRIPTORS_MAX || maps > MAPS_MAX) process.exitCode = 1;
}
