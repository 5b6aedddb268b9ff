/** The main job end to end: makes pictures, packs and verifies them, reads them in two ways, trains a model. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type DataSet,
  type Method,
  makeReport,
  runScenario,
  type ScenarioQuestion,
  toMarkdown,
} from '@zc/benchmarks';
import { IMAGE_BYTES, type ImageSet, makeImages, NPY_HEADER_BYTES } from './images.js';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../../..');
const TRAIN_ROWS = 6_000;
const TEST_ROWS = 600;
const METHOD: Method = { warmUps: 1, minSeconds: 1, roundsMin: 3, roundsMax: 3, halfWidth: 1, pauseMs: 200 };
const ACCURACY_MIN = 0.95;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(process.env.ZC_DEMO_FOLDER ?? tmpdir(), 'zc-demo-'));
  try {
    step('Pictures of ten patterns, as NumPy arrays');
    const train = await makeImages(join(folder, 'arrays/train'), TRAIN_ROWS, 1);
    const test = await makeImages(join(folder, 'arrays/test'), TEST_ROWS, 2);
    say(
      `${train.rows} to learn from (${((train.rows * IMAGE_BYTES) / 1e6).toFixed(0)} MB), ${test.rows} to be tested with`,
    );

    step('Packed into shards, each byte verified');
    zc('pack', train.folder, join(folder, 'train'), '--shard-bytes', '64MiB');
    zc('pack', test.folder, join(folder, 'test'));
    zc('verify', join(folder, 'train'));

    step('Read in random order: the loader, and one read() a sample');
    await compare(train, join(folder, 'train'));

    step('A small network learns from them through the PyTorch bridge');
    trainModel(join(folder, 'train'), join(folder, 'test'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Cold and warm, in one table each; every contender's consumer sums every byte. */
async function compare(images: ImageSet, shards: string): Promise<void> {
  const data: DataSet = {
    name: 'demo',
    rows: images.rows,
    rowBytes: IMAGE_BYTES,
    shards,
    regions: [{ path: join(images.folder, 'image.npy'), offsetBytes: NPY_HEADER_BYTES, rows: images.rows }],
    labels: { path: join(images.folder, 'label.npy'), offsetBytes: NPY_HEADER_BYTES },
    sum: images.sum,
  };
  const runs = [];
  for (const temperature of ['cold', 'warm'] as const) {
    const scenario: ScenarioQuestion = {
      name: `${temperature}, random 49 KB images`,
      title: 'the demo',
      temperature,
      batchSize: 64,
      shuffle: true,
      contenders: {
        zc: { runtime: 'node', module: 'node/zc' },
        'read-fresh': { runtime: 'node', module: 'node/read', params: { buffer: 'fresh' } },
        'read-reused': { runtime: 'node', module: 'node/read', params: { buffer: 'reused' } },
      },
      reaches: [],
    };
    runs.push(await runScenario(scenario, data, METHOD));
  }
  process.stdout.write(`${toMarkdown(makeReport(runs, { method: METHOD }))}\n`);
}

function zc(...args: string[]): void {
  run(process.execPath, [join(ROOT, 'packages/cli/bin/zc.js'), ...args]);
}

function trainModel(train: string, test: string): void {
  const record = join(ROOT, '.cache/python');
  const python = existsSync(record) ? readFileSync(record, 'utf8').trim() : undefined;
  if (python === undefined) {
    say('not run: there is no Python with PyTorch here; the set-up above says why');
    process.exitCode = 1;
    return;
  }
  const env = { ...process.env, PYTHONPATH: join(ROOT, 'packages/torch/python/src') };
  run(python, [join(HERE, '../train.py'), train, test, '--accuracy', String(ACCURACY_MIN)], env);
}

function run(command: string, args: readonly string[], env = process.env): void {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit', env });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(' ')} ended with ${status ?? signal}`);
}

let steps = 0;
function step(title: string): void {
  steps += 1;
  process.stdout.write(`\n${steps}. ${title}\n`);
}

function say(text: string): void {
  process.stdout.write(`   ${text}\n`);
}

await main();
