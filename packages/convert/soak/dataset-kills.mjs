/** Merges and appends that are killed at any moment: what lies under the dataset's name is whole, before or after. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter, openDataset } from '@zc/format/node';
import { appendToDataset, mergeDatasets } from '../dist/index.js';

/** Of each kind. */
const KILLS = 500;
const SAMPLES = 20;
/** Long enough for some of the work to end, short enough to be in the middle of it. */
const KILL_MS_MAX = 500;
/** A dataset that has grown to this is begun anew. */
const SAMPLES_MAX = 2000;

const { values, positionals } = parseArgs({
  options: { scale: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const [kind, folder] = positionals;
if (kind !== undefined) await workWithoutEnd(kind, folder);
else await killAgainAndAgain(Math.max(5, Math.round(KILLS * Number(values.scale))));

/** Copies and links in turns: a kill may come between any two of their system calls. */
async function workWithoutEnd(kind, folder) {
  const inputs = [join(folder, 'a'), join(folder, 'b')];
  const target = join(folder, kind);
  console.log('ready');
  for (let i = 0; ; i++) {
    const copy = i % 2 === 0;
    if (kind === 'merge') await mergeDatasets({ inputs, output: target, overwrite: true, copy });
    else await appendToDataset({ dataset: target, inputs, copy });
  }
}

async function killAgainAndAgain(kills) {
  const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
  try {
    for (const name of ['a', 'b']) await write(join(folder, name));
    const found = { merge: 0, none: 0, append: 0, grown: 0 };
    for (let i = 0; i < kills; i++) {
      await killOnce('merge', folder);
      const merged = await demandWhole(join(folder, 'merge'));
      if (merged !== undefined && merged !== 2 * SAMPLES) throw new Error(`a merge has ${merged} samples`);
      found[merged === undefined ? 'none' : 'merge']++;
    }
    const target = join(folder, 'append');
    for (let i = 0; i < kills; i++) {
      let before = await demandWhole(target);
      if (before === undefined || before > SAMPLES_MAX) {
        await write(target);
        before = SAMPLES;
      }
      await killOnce('append', folder);
      const after = await demandWhole(target);
      if (after === undefined || after < before || (after - before) % (2 * SAMPLES) !== 0) {
        throw new Error(`an append has ${after} samples, it had ${before}`);
      }
      found.append++;
      if (after !== before) found.grown++;
    }
    await demandNothingLeft(folder, target);
    console.log(
      `${kills} kills of merges: ${found.merge} times whole, ${found.none} times none; ` +
        `${kills} of appends: every time whole, ${found.grown} times longer; nothing left after the next one`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function write(directory) {
  const schema = defineSchema({ photo: field.bytes(), label: field.scalar('int32') });
  const writer = await DatasetWriter.create(directory, {
    schema,
    shardBytes: 100_000,
    overwrite: true,
  });
  for (let i = 0; i < SAMPLES; i++) await writer.append({ photo: new Uint8Array(10_000).fill(i), label: i });
  await writer.finish();
}

async function killOnce(kind, folder) {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), kind, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((settle, fail) => {
    child.stdout.once('data', settle);
    child.once('close', (code) => fail(new Error(`the work ended by itself with ${code}`)));
  });
  await new Promise((settle) => setTimeout(settle, Math.random() * KILL_MS_MAX));
  child.kill('SIGKILL');
  await new Promise((settle) => child.once('close', settle));
}

/** How many samples a dataset has, after every byte of it was checked; `undefined` where there is none. */
async function demandWhole(directory) {
  if (!existsSync(directory)) return undefined;
  const dataset = await openDataset(directory);
  for (const number of dataset.manifest.shards.keys()) {
    const { ok, damage } = await (await dataset.shard(number)).verify();
    if (!ok) throw damage[0];
  }
  await dataset.close();
  return dataset.length;
}

/** The next append removes what the killed ones have left. */
async function demandNothingLeft(folder, target) {
  await appendToDataset({ dataset: target, inputs: [join(folder, 'a')] });
  const { manifest } = await openDataset(target);
  const named = ['dataset.json', ...manifest.shards.map(({ name }) => name)].sort();
  const found = readdirSync(target).sort();
  const beside = readdirSync(folder).filter((name) => name.startsWith('.append'));
  if (String(found) !== String(named) || beside.length > 0)
    throw new Error(`left behind: ${found} ${beside}`);
}
