#!/usr/bin/env node
// The loop of train.py in plain Node: one shuffled epoch in which every sample must come exactly once.
//
//   node count.mjs data/train

import { DataLoader, Dataset } from '@zc/loader';

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: node count.mjs DATASET');
  process.exit(2);
}

const dataset = await Dataset.open(path);
const classes = JSON.parse(dataset.schema.metadata.classes ?? '[]');
const loader = new DataLoader(dataset, { batchSize: 64, shuffle: true, seed: 7 });

const seen = new Uint8Array(dataset.length);
const countOfClass = new Map(classes.map((/** @type {string} */ name) => [name, 0]));
let batches = 0;
let audioSamples = 0;
for await (const batch of loader) {
  const { audio, label } = batch.fields;
  batches++;
  audioSamples += audio.data.length;
  for (const index of batch.indices) seen[index]++;
  for (const id of label.data) {
    const name = classes[Number(id)];
    countOfClass.set(name, countOfClass.get(name) + 1);
  }
}
await loader.close();
dataset.close();

const once = seen.filter((times) => times === 1).length;
console.log(
  JSON.stringify({
    samples: dataset.length,
    once,
    batches,
    audioSamples,
    classes: Object.fromEntries(countOfClass),
  }),
);
process.exitCode = once === dataset.length ? 0 : 1;
