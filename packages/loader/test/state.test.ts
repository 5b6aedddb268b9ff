import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, type DataLoaderOptions, Dataset, type LoaderState } from '../src/index.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';

const COUNT = 130;
let dataset: Dataset;
beforeAll(async () => {
  dataset = await Dataset.open(await writeDataset(everything, everythingSamples(COUNT)));
});
afterAll(() => dataset.close());

const loaderWith = (options: DataLoaderOptions = {}) =>
  new DataLoader(dataset, { batchSize: 16, shuffle: true, seed: 9, fields: ['label'], ...options });

async function take(loader: AsyncIterable<Batch>, count = Number.POSITIVE_INFINITY): Promise<number[][]> {
  const batches: number[][] = [];
  if (count === 0) return batches;
  for await (const batch of loader) if (batches.push([...batch.indices]) === count) break;
  return batches;
}
/** As it comes back from a file. */
const saved = (loader: DataLoader) => JSON.parse(JSON.stringify(loader.stateDict())) as LoaderState;

describe('a restored loader goes on just where the state was taken', () => {
  test.each([
    ['one rank', { worldSize: 1 }],
    ['one of three ranks', { worldSize: 3, rank: 1 }],
    ['dropLast', { dropLast: true }],
    ['in order', { shuffle: false }],
    ['by blocks', { shuffle: { blocks: 30_000, window: 40 } }],
    ['far ahead', { prefetchBatches: 9 }],
  ])('at every batch: %s', async (_, options) => {
    const whole = loaderWith(options);
    const expected = [...(await take(whole)), ...(await take(whole))];
    const perEpoch = whole.length;
    for (let taken = 0; taken <= perEpoch; taken++) {
      const first = loaderWith(options);
      const before = await take(first, taken);
      const second = loaderWith(options);
      second.loadStateDict(saved(first));
      const after = await take(second);
      // Behind the last batch there is no empty rest of the epoch: the next one begins.
      const next = taken === perEpoch ? [] : await take(second);
      expect([...before, ...after, ...next], `after ${taken}`).toEqual(expected);
    }
  });

  test('in later epochs, and from inside the loop', async () => {
    const loader = loaderWith();
    await take(loader);
    const states: LoaderState[] = [];
    const epoch: number[][] = [];
    for await (const batch of loader) {
      epoch.push([...batch.indices]);
      states.push(saved(loader as DataLoader));
    }
    expect(states.map(({ position }) => position)).toEqual([16, 32, 48, 64, 80, 96, 112, 128, 0]);
    expect(states.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(saved(loader as DataLoader)).toMatchObject({ epoch: 2, position: 0 });
    const resumed = loaderWith();
    resumed.loadStateDict(states[4]!);
    expect(await take(resumed)).toEqual(epoch.slice(5));
  });

  test('with another batch size and other ranks: nothing twice, nothing left out', async () => {
    const first = [loaderWith({ worldSize: 2, rank: 0 }), loaderWith({ worldSize: 2, rank: 1 })];
    const before = await Promise.all(first.map((loader) => take(loader, 2)));
    const states = first.map((loader) => saved(loader as DataLoader));
    expect(states[0]).toEqual(states[1]);
    const ranks = [0, 1, 2].map((rank) => loaderWith({ worldSize: 3, rank, batchSize: 5 }));
    for (const loader of ranks) loader.loadStateDict(states[0]!);
    const after = await Promise.all(ranks.map((loader) => take(loader)));
    const ids = [...before, ...after].flat(2);
    expect(new Set(ids).size).toBe(COUNT);
    expect(ids.length - COUNT).toBeLessThan(3);
  });
});

test('a rest that is too little for a batch is passed over', async () => {
  const first = loaderWith();
  await take(first, 7);
  const state = saved(first as DataLoader);
  const second = loaderWith({ batchSize: 64, dropLast: true });
  second.loadStateDict(state);
  const whole = loaderWith({ batchSize: 64, dropLast: true });
  whole.setEpoch(1);
  expect(await take(second)).toEqual(await take(whole));
});

describe('who waits for a batch is told why there is none', () => {
  test('that a state was loaded', async () => {
    const loader = loaderWith();
    const iterator = loader[Symbol.asyncIterator]();
    await iterator.next();
    const state = saved(loader as DataLoader);
    const pending = iterator.next();
    loader.loadStateDict(state);
    const error = await failure('ZC_SUPERSEDED', () => pending);
    expect(error.summary).toBe('a state was loaded into this loader');
    await failure('ZC_SUPERSEDED', () => iterator.next());
    expect(await take(loader)).toHaveLength(8);
  });

  test('that the loader was closed', async () => {
    const loader = loaderWith();
    const iterator = loader[Symbol.asyncIterator]();
    const pending = iterator.next();
    const closing = loader.close();
    const error = await failure('ZC_CLOSED', () => pending);
    expect(error.summary).toBe('the loader was closed');
    await closing;
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

test('a state is small and plain', () => {
  const state = loaderWith().stateDict();
  expect(JSON.stringify(state).length).toBeLessThan(1024);
  expect(state).toEqual({
    version: 1,
    dataset: dataset.digest,
    seed: 9,
    shuffle: true,
    epoch: 0,
    position: 0,
  });
});

describe('a state that does not fit', () => {
  test('names each thing that differs', async () => {
    const state = loaderWith().stateDict();
    const seed = await failure('ZC_STATE_MISMATCH', () => loaderWith({ seed: 10 }).loadStateDict(state));
    expect(seed.summary).toBe('seed is 10, the state has 9');
    expect(seed.details.differing).toEqual(['seed']);
    const both = await failure('ZC_STATE_MISMATCH', () =>
      loaderWith({ seed: 10, shuffle: false }).loadStateDict(state),
    );
    expect(both.details.differing).toEqual(['seed', 'shuffle']);
    const blocks = { blocks: 2 ** 23, window: 5000 };
    const kind = await failure('ZC_STATE_MISMATCH', () =>
      loaderWith({ shuffle: blocks }).loadStateDict(state),
    );
    expect(kind.summary).toBe('shuffle is blocks of 8388608 in windows of 5000, the state has true');
    loaderWith({ shuffle: 'full' }).loadStateDict(state);
    const newer = { ...state, version: 2 } as never;
    const version = await failure('ZC_STATE_MISMATCH', () => loaderWith().loadStateDict(newer));
    expect(version.summary).toBe('version is 1, the state has 2');
    const part = new DataLoader((dataset as Dataset).take(100), { shuffle: true, seed: 9 });
    const less = await failure('ZC_STATE_MISMATCH', () => part.loadStateDict(state));
    expect(less.details.differing).toEqual(['dataset']);
    const other = await Dataset.open(dataset.shards[0]!.path);
    const error = await failure('ZC_STATE_MISMATCH', () =>
      new DataLoader(other, { shuffle: true, seed: 9 }).loadStateDict(state),
    );
    expect(error).toMatchObject({ expected: { dataset: dataset.digest }, actual: { dataset: other.digest } });
    await other.close();
  });

  test.each([
    null,
    'state',
    {},
    { version: 2, dataset: '', seed: 9, shuffle: true, epoch: 0, position: 0 },
    { version: 1, dataset: '', seed: 9, shuffle: true, epoch: -1, position: 0 },
    { version: 1, dataset: '', seed: 9, shuffle: true, epoch: 0, position: 0.5 },
  ])('is refused: %j', async (state) => {
    await failure('ZC_STATE_MISMATCH', () => loaderWith().loadStateDict(state as never));
  });
});
