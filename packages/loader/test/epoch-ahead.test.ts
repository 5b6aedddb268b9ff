import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { DataLoader } from '../src/index.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';

type Everything = typeof everything;
const options = { batchSize: 10, shuffle: true, seed: 3, prefetchBatches: 3, fields: ['label'] };
let directory: string;
beforeAll(async () => {
  directory = await writeDataset(everything, everythingSamples(100));
});

const open = (more: object = {}) => DataLoader.open<Everything>(directory, { ...options, ...more });

async function epoch(loader: DataLoader<Everything>): Promise<string> {
  const ids: number[] = [];
  for await (const batch of loader) ids.push(...batch.indices);
  return ids.join();
}

/** The orders of the first epochs, each by a loader that reads nothing else. */
async function orders(count: number): Promise<string[]> {
  const lists: string[] = [];
  for (let i = 0; i < count; i++) {
    await using loader = await open();
    loader.setEpoch(i);
    lists.push(await epoch(loader));
  }
  return lists;
}

/** Slots that somebody has, once nothing moves any more. */
async function leased(loader: DataLoader<Everything>, pool: { leased: number }): Promise<number> {
  for (let last = -1; last !== pool.leased; await setTimeout(20)) last = pool.leased;
  expect(loader.stats().batches).toBeGreaterThan(0);
  return pool.leased;
}

test('from the second iteration on the next epoch is begun before this one ends', async () => {
  await using loader = await open();
  const wanted = await orders(4);
  const pools = [];
  for (const expected of wanted.slice(0, 3)) {
    const ids: number[] = [];
    for await (const batch of loader) {
      ids.push(...batch.indices);
      pools.push(batch.slot.pool);
    }
    expect(ids.join()).toBe(expected);
  }
  // Between two iterations the slots hold the next epoch's first batches, as many as are read ahead.
  expect(await leased(loader, pools[0]!)).toBe(3);
  expect(await epoch(loader)).toBe(wanted[3]);
});

test('the first iteration, for many the only one, reads nothing in vain', async () => {
  await using loader = await open();
  let pool: { leased: number } | undefined;
  for await (const batch of loader) pool = batch.slot.pool;
  expect(await leased(loader, pool!)).toBe(0);
});

test.each<[string, (loader: DataLoader<Everything>) => void, number]>([
  ['setEpoch to another one', (loader) => loader.setEpoch(7), 7],
  ['setEpoch to the same one', (loader) => loader.setEpoch(2), 2],
  ['a loaded state', (loader) => loader.loadStateDict({ ...loader.stateDict(), epoch: 5 }), 5],
])('%s after the end has its own order', async (_, change, next) => {
  const wanted = await orders(8);
  await using loader = await open();
  await epoch(loader);
  await epoch(loader);
  change(loader);
  expect(await epoch(loader)).toBe(wanted[next]);
  expect(await epoch(loader)).toBe(wanted[next + 1] ?? (await epochOf(next + 1)));
});

async function epochOf(number: number): Promise<string> {
  return (await orders(number + 1))[number]!;
}

test('leaving among the last batches and a state taken there are as ever', async () => {
  const wanted = (await orders(3)).map((ids) => ids.split(',').map(Number));
  await using loader = await open();
  await epoch(loader);
  let batches = 0;
  for await (const _ of loader) if (++batches === 9) break;
  const state = loader.stateDict();
  expect(state).toMatchObject({ epoch: 1, position: 90 });
  expect(await epoch(loader)).toBe(wanted[2]!.join());
  loader.loadStateDict(state);
  expect(await epoch(loader)).toBe(wanted[1]!.slice(90).join());
});

test('closing ends it', async () => {
  const loader = await open();
  await epoch(loader);
  let pool: { leased: number } | undefined;
  for await (const batch of loader) pool = batch.slot.pool;
  await loader.close();
  expect(pool!.leased).toBe(0);
});
