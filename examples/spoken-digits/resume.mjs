#!/usr/bin/env node
// One epoch as three jobs, each of which is stopped and gone on with under other ranks: 2, then 3, then 1.
// Every rank is a process of its own. Every recording must come exactly once.
//
//   node resume.mjs data/digits

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DataLoader, Dataset } from '@zc/loader';

/** Without a number of batches a job goes on to the epoch's end. */
const JOBS = [
  { ranks: 2, batchSize: 16, batches: 31 },
  { ranks: 3, batchSize: 20, batches: 9 },
  { ranks: 1, batchSize: 64, batches: undefined },
];

const [path, asRank] = process.argv.slice(2);
if (path === undefined) {
  console.error('usage: node resume.mjs DATASET');
  process.exit(2);
}
if (asRank !== undefined) console.log(JSON.stringify(await runRank(path, JSON.parse(asRank))));
else await runJobs(path);

/** What one rank does: go on where the job was, take some batches, say where it is now. */
async function runRank(path, { batchSize, batches = Number.POSITIVE_INFINITY, state }) {
  // RANK and WORLD_SIZE are in the environment, as torchrun sets them.
  const loader = await DataLoader.open(path, { batchSize, shuffle: true, seed: 7, fields: ['name'] });
  const startMs = performance.now();
  if (state !== undefined) loader.loadStateDict(state);
  const iterator = loader[Symbol.asyncIterator]();
  const names = [];
  let firstMs;
  for (let taken = 0; taken < batches; taken++) {
    const { value: batch, done } = await iterator.next();
    firstMs ??= performance.now() - startMs;
    if (done) break;
    names.push(...batch.fields.name.toArray());
  }
  const after = loader.stateDict();
  await loader.close();
  return { names, state: after, firstMs };
}

async function runJobs(path) {
  const run = promisify(execFile);
  const dataset = await Dataset.open(path);
  const recordings = dataset.length;
  await dataset.close();
  const seen = new Map();
  const jobs = [];
  let state;
  for (const { ranks, ...job } of JOBS) {
    const results = await Promise.all(
      Array.from({ length: ranks }, async (_, rank) => {
        const script = fileURLToPath(import.meta.url);
        const env = { ...process.env, RANK: `${rank}`, WORLD_SIZE: `${ranks}` };
        const options = { env, maxBuffer: 2 ** 26 };
        const { stdout } = await run(
          process.execPath,
          [script, path, JSON.stringify({ ...job, state })],
          options,
        );
        return JSON.parse(stdout);
      }),
    );
    const states = new Set(results.map((result) => JSON.stringify(result.state)));
    if (states.size !== 1) throw new Error('the ranks say different things about where the job is');
    for (const name of results.flatMap(({ names }) => names)) seen.set(name, (seen.get(name) ?? 0) + 1);
    state = results[0].state;
    const [{ names, firstMs }] = results;
    jobs.push({ ranks, perRank: names.length, firstMs: Math.round(firstMs), epoch: state.epoch });
  }
  const once = [...seen.values()].filter((times) => times === 1).length;
  const stateBytes = Buffer.byteLength(JSON.stringify(state));
  console.log(JSON.stringify({ recordings, once, seen: seen.size, stateBytes, jobs }));
  process.exitCode = once === recordings && seen.size === recordings ? 0 : 1;
}
