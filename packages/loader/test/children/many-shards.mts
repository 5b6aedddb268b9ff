// Opens a dataset of very many shards, touches each of them, and prints what that takes and holds: one JSON a step.
import { readdirSync, readFileSync } from 'node:fs';
import { DataLoader, Dataset } from '@zc/loader';
import { type manyShards, manyShardsAt } from '../helpers/many-shards.js';

const BATCH = 64;

const [directory = ''] = process.argv.slice(2);
let startMs = performance.now();
say('bare');
startMs = performance.now();
const dataset = await Dataset.open<typeof manyShards>(directory);
const shards = dataset.shards.length;
const perShard = dataset.length / shards;
say('open');

const options = { batchSize: BATCH, shuffle: true, seed: 7 };
startMs = performance.now();
const loader = new DataLoader(dataset, options);
await loader[Symbol.asyncIterator]().next();
say('first batch');
const state = loader.stateDict();
await loader.close();
for (const share of [0.1, 0.5, 0.9]) {
  startMs = performance.now();
  await using restored = new DataLoader(dataset, options);
  restored.loadStateDict({ ...state, position: Math.floor((dataset.length * share) / BATCH) * BATCH });
  await restored[Symbol.asyncIterator]().next();
  say('restored');
}

let wrong = 0;
startMs = performance.now();
for (let first = 0; first < shards; first += BATCH) {
  const ids = Array.from({ length: Math.min(BATCH, shards - first) }, (_, i) => sampleOf(first + i));
  using batch = await dataset.getBatch(ids);
  ids.forEach((id, i) => {
    if (batch.label.data[i] !== manyShardsAt(id, perShard).label) wrong++;
  });
}
say('touched by batches', wrong);

startMs = performance.now();
const views = Array.from({ length: shards }, (_, shard) => dataset.get(sampleOf(shard)).row.data);
wrong = 0;
views.forEach((view, shard) => {
  if (Buffer.compare(view, manyShardsAt(sampleOf(shard), perShard).row as Uint8Array) !== 0) wrong++;
});
say('touched by get, all views held', wrong);
await dataset.close();
say('closed', views.filter((view) => view.length !== 64).length);

/** One sample of each shard, not the same in all of them. */
function sampleOf(shard: number): number {
  return shard * perShard + ((shard * 7919) % perShard);
}

function say(step: string, wrong = 0): void {
  const ms = Math.round((performance.now() - startMs) * 10) / 10;
  const status = readFileSync('/proc/self/status', 'utf8');
  const mb = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)![1]) / 1000;
  const maps = readFileSync('/proc/self/maps', 'utf8').match(/\.zcs$/gm)?.length ?? 0;
  const descriptors = readdirSync('/proc/self/fd').length;
  // Pages of files that are mapped are the page cache's.
  const held = { mb: Math.round(mb('RssAnon') + mb('RssShmem')), descriptors, maps };
  console.log(JSON.stringify({ step, ms, wrong, ...held }));
}
