/** Writers that are killed at any moment leave nothing under the target's name, or a whole dataset. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defineSchema, field } from '../dist/index.js';
import { DatasetWriter, openDataset } from '../dist/node/index.js';

const KILLS = 200;
const SAMPLES = 40;

const { values, positionals } = parseArgs({
  options: { scale: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const [target] = positionals;
if (target !== undefined) await writeAgainAndAgain(target);
else await killAgainAndAgain(Math.max(5, Math.round(KILLS * Number(values.scale))));

async function writeAgainAndAgain(target) {
  const schema = defineSchema({ photo: field.bytes(), label: field.scalar('int32') });
  console.log('ready');
  for (;;) {
    const writer = await DatasetWriter.create(target, { schema, shardBytes: 100_000, overwrite: true });
    for (let i = 0; i < SAMPLES; i++)
      await writer.append({ photo: new Uint8Array(10_000).fill(i), label: i });
    await writer.finish();
  }
}

async function killAgainAndAgain(kills) {
  const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
  const target = join(folder, 'train');
  let whole = 0;
  let leftovers = 0;
  try {
    for (let i = 0; i < kills; i++) {
      await killOnce(target);
      const others = readdirSync(folder).filter((name) => name !== 'train');
      if (others.some((name) => !name.startsWith('.train.zc-partial'))) throw new Error(`found ${others}`);
      leftovers += others.length > 0 ? 1 : 0;
      if (!existsSync(target)) continue;
      await demandWhole(target);
      whole++;
    }
    console.log(
      `${kills} kills: ${whole} times a whole dataset, ${kills - whole} times none, never another; ` +
        `${leftovers} times a partial directory`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function killOnce(target) {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), target], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((settle, fail) => {
    child.stdout.once('data', settle);
    child.once('close', (code) => fail(new Error(`the writer ended by itself with ${code}`)));
  });
  await new Promise((settle) => setTimeout(settle, Math.random() * 150));
  child.kill('SIGKILL');
  await new Promise((settle) => child.once('close', settle));
}

async function demandWhole(target) {
  const dataset = await openDataset(target);
  if (dataset.length !== SAMPLES) throw new Error(`the dataset has ${dataset.length} samples`);
  for (const number of dataset.manifest.shards.keys()) {
    const { ok, damage } = await (await dataset.shard(number)).verify();
    if (!ok) throw damage[0];
  }
  await dataset.close();
}
