import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, type DataLoaderOptions, Dataset, mix, type Source } from '../src/index.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';

const COUNT = 130;
let dataset: Dataset<typeof everything>;
beforeAll(async () => {
  dataset = await Dataset.open(await writeDataset(everything, everythingSamples(COUNT)));
});
afterAll(() => dataset.close());

const loaderWith = (options: DataLoaderOptions = {}, source: Source = dataset) =>
  new DataLoader(source, { batchSize: 16, shuffle: true, seed: 9, fields: ['label'], ...options });

async function iterated(loader: AsyncIterable<Batch>): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const batch of loader) batches.push([...batch.indices]);
  return batches;
}
const listed = (loader: DataLoader) => Array.from(loader.order(), (ids) => [...ids]);

test.each<[string, DataLoaderOptions, number]>([
  ['shuffled', {}, 9],
  ['shuffled by blocks', { shuffle: { blocks: 30_000, window: 40 } }, 9],
  ['not shuffled', { shuffle: false }, 9],
  ['without the rest', { dropLast: true }, 8],
  ['one of three ranks', { worldSize: 3, rank: 1 }, 3],
  ['one of three ranks, without the rest', { worldSize: 3, rank: 2, dropLast: true }, 2],
  ['all in one batch', { batchSize: 1000 }, 1],
])('the ids are those of the iterations that follow: %s', async (_, options, batches) => {
  await using loader = loaderWith(options) as DataLoader;
  for (let epoch = 0; epoch < 3; epoch++) {
    const ids = listed(loader);
    expect(ids).toHaveLength(batches);
    expect(listed(loader)).toEqual(ids);
    expect(await iterated(loader)).toEqual(ids);
  }
});

test('of files that blocks are read ahead of, nothing is read', async () => {
  const options = { shuffle: { blocks: 30_000, window: 40 }, fields: undefined };
  await using loader = await DataLoader.open(await writeDataset(everything, everythingSamples(COUNT)), {
    ...{ batchSize: 16, seed: 9, pageCacheBudget: 250_000, ...options },
  });
  const ids = listed(loader as DataLoader);
  expect(loader.stats().bytesRead).toBe(0);
  expect(await iterated(loader)).toEqual(ids);
});

test('mixtures and windows have the order of their own rows', async () => {
  const mixture = mix([
    { source: dataset, weight: 0.7 },
    { source: dataset.take(40), weight: 0.3 },
  ]);
  const windows = await dataset.windows({ field: 'tokens', length: 32 });
  for (const [source, fields] of [
    [mixture, ['label']],
    [dataset.subset([5, 3, 8, 13]), ['label']],
    [windows, undefined],
  ] as const) {
    await using loader = loaderWith({ fields }, source) as DataLoader;
    const ids = listed(loader);
    expect(await iterated(loader)).toEqual(ids);
  }
});

test('they begin where the next iteration would, and change nothing about it', async () => {
  await using loader = loaderWith() as DataLoader;
  loader.setEpoch(4);
  const state = loader.stateDict();
  const whole = listed(loader);
  expect(loader.stateDict()).toEqual(state);
  expect(await iterated(loader)).toEqual(whole);

  loader.loadStateDict({ ...state, position: 48 });
  expect(listed(loader)).toEqual(whole.slice(3));
  expect(loader.stateDict()).toMatchObject({ epoch: 4, position: 48 });
  expect(await iterated(loader)).toEqual(whole.slice(3));
});

test('a rest that is too little for a batch is passed over, by the ids alone', async () => {
  await using loader = loaderWith({ batchSize: 64, dropLast: true }) as DataLoader;
  loader.loadStateDict({ ...loader.stateDict(), position: 112 });
  const ids = listed(loader);
  expect(loader.stateDict()).toMatchObject({ epoch: 0, position: 112 });
  expect(ids).toHaveLength(2);
  expect(await iterated(loader)).toEqual(ids);
});

test('an iteration that is under way goes on; the ids are of the next epoch', async () => {
  await using loader = loaderWith() as DataLoader;
  const [before, after] = [loader, loaderWith() as DataLoader];
  after.setEpoch(1);
  let batches = 0;
  for await (const _ of before) {
    batches++;
    expect(before.order().next().value).toEqual(after.order().next().value);
  }
  expect(batches).toBe(9);
  await after.close();
});

test('there are none of a closed loader, and none where only a sampler knows them', async () => {
  const sampled = new DataLoader(dataset, { batchSize: 2, sampler: [1, 2, 3] });
  await failure('ZC_ARGUMENT', () => sampled.order());
  await sampled.close();
  const loader = loaderWith();
  await loader.close();
  await failure('ZC_CLOSED', () => loader.order());
});
