import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import {
  type Batch,
  DataLoader,
  type DataLoaderOptions,
  Dataset,
  type LoaderState,
  type Sampler,
} from '../src/index.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';

const COUNT = 60;
let dataset: Dataset;
beforeAll(async () => {
  dataset = await Dataset.open(await writeDataset(everything, everythingSamples(COUNT)));
});
afterAll(() => dataset.close());

const loaderWith = (options: DataLoaderOptions) => new DataLoader(dataset, { fields: ['label'], ...options });

async function take(batches: AsyncIterable<Batch>, count = Number.POSITIVE_INFINITY): Promise<number[][]> {
  const taken: number[][] = [];
  if (count === 0) return taken;
  for await (const batch of batches) if (taken.push([...batch.indices]) === count) break;
  return taken;
}
const range = (length: number) => Array.from({ length }, (_, i) => i);
const saved = (loader: DataLoader) => JSON.parse(JSON.stringify(loader.stateDict())) as LoaderState;

/** Ids that come when they please. */
async function* slowly(ids: readonly number[]): AsyncGenerator<number> {
  for (const id of ids) {
    if (id % 3 === 0) await setImmediate();
    yield id;
  }
}
/** An async iterable that can be gone over again. */
const slow = (ids: readonly number[]) => ({ [Symbol.asyncIterator]: () => slowly(ids) });

describe('ids of the user', () => {
  const ids = [5, 3, 59, 3, 0, 7, 11];

  test.each<[string, Sampler]>([
    ['a list', ids],
    ['a typed array', Float64Array.from(ids)],
    ['an async iterable', slow(ids)],
  ])('from %s, in batches', async (_, sampler) => {
    const loader = loaderWith({ sampler, batchSize: 3 });
    const all = [[5, 3, 59], [3, 0, 7], [11]];
    expect(await take(loader)).toEqual(all);
    expect(await take(loader)).toEqual(all);
    expect(await take(loaderWith({ sampler, batchSize: 3, dropLast: true }))).toEqual(all.slice(0, 2));
  });

  test.each([
    ['lists', [[1, 2], [3], [4, 5, 6]]],
    [
      'async lists',
      {
        async *[Symbol.asyncIterator]() {
          yield* [[1, 2], [3], [4, 5, 6]];
        },
      },
    ],
  ])('batchSampler gives batches: %s', async (_, batchSampler) => {
    expect(await take(loaderWith({ batchSampler }))).toEqual([[1, 2], [3], [4, 5, 6]]);
  });

  test('they are numbers of the source that the loader draws from', async () => {
    const source = dataset.subset([40, 41, 42]);
    await using loader = new DataLoader(source, { sampler: [2, 0], batchSize: 2, fields: ['label'] });
    expect(await take(loader)).toEqual([[42, 40]]);
    await using wrong = new DataLoader(source, { sampler: [3], fields: ['label'] });
    await failure('ZC_INDEX_RANGE', () => take(wrong));
  });

  test('an empty sampler has no batches', async () => {
    expect(await take(loaderWith({ sampler: [], batchSize: 3 }))).toEqual([]);
  });

  test('it is asked ahead of time, and no further', async () => {
    let asked = 0;
    function* counting() {
      for (const id of range(COUNT)) {
        asked++;
        yield id;
      }
    }
    const sampler = { [Symbol.iterator]: counting };
    const iterator = loaderWith({ sampler, batchSize: 2, prefetchBatches: 3 })[Symbol.asyncIterator]();
    await iterator.next();
    await setImmediate();
    expect(asked).toBeGreaterThanOrEqual(6);
    // The one in hand, three that are read ahead, and one to know the end by.
    expect(asked).toBeLessThanOrEqual(10);
    await iterator.return?.();
  });

  test('it is told the epoch, and let go when the loop is left', async () => {
    const epochs: number[] = [];
    let left = 0;
    const sampler = {
      setEpoch: (epoch: number) => void epochs.push(epoch),
      *[Symbol.iterator]() {
        try {
          yield* range(COUNT);
        } finally {
          left++;
        }
      },
    };
    const loader = loaderWith({ sampler, batchSize: 4 });
    await take(loader);
    await take(loader, 2);
    loader.setEpoch(7);
    await take(loader, 1);
    expect(epochs).toEqual([0, 1, 7]);
    expect(left).toBe(3);
  });

  test('its errors come where its batch would', async () => {
    const sampler = {
      *[Symbol.iterator]() {
        yield* [1, 2];
        throw new RangeError('mine');
      },
    };
    const iterator = loaderWith({ sampler, batchSize: 1 })[Symbol.asyncIterator]();
    // The second batch is known to be no last one only once the third was asked for.
    expect([...(await iterator.next()).value!.indices]).toEqual([1]);
    await expect(iterator.next()).rejects.toThrow('mine');
  });

  test('one that never answers does not keep a loop from being left, or a loader from being closed', async () => {
    const sampler = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const abort = new AbortController();
    const aborted = loaderWith({ sampler, signal: abort.signal })[Symbol.asyncIterator]().next();
    abort.abort();
    await failure('ZC_ABORTED', () => aborted);
    const loader = loaderWith({ sampler });
    const pending = loader[Symbol.asyncIterator]().next();
    await Promise.all([failure('ZC_CLOSED', () => pending), loader.close()]);
  });
});

test('a sampler that fails when it is let go ends nothing but itself', async () => {
  const sampler: Sampler = {
    *[Symbol.iterator]() {
      try {
        yield* range(COUNT);
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: it is what is tested.
        throw new RangeError('let go');
      }
    },
  };
  const loader = loaderWith({ sampler, batchSize: 4 });
  await expect(take(loader, 1)).resolves.toEqual([[0, 1, 2, 3]]);
  const left = loader[Symbol.asyncIterator]();
  await left.next();
  loader.loadStateDict(saved(loader));
  await expect(take(loader, 1)).resolves.toEqual([[4, 5, 6, 7]]);
  await loader.close();
});

test('length, where the sampler knows it', async () => {
  expect(loaderWith({ sampler: range(10), batchSize: 4 }).length).toBe(3);
  expect(loaderWith({ sampler: range(10), batchSize: 4, dropLast: true }).length).toBe(2);
  expect(loaderWith({ batchSampler: [[1], [2, 3]] }).length).toBe(2);
  await failure('ZC_ARGUMENT', () => loaderWith({ sampler: slow([1]) }).length);
});

test.each([
  [{ sampler: [1], shuffle: true }, 'sampler and shuffle cannot both be given'],
  [{ sampler: [1], batchSampler: [[1]] }, 'sampler and batchSampler cannot both be given'],
  [{ batchSampler: [[1]], batchSize: 2 }, 'batchSampler and batchSize cannot both be given'],
  [{ batchSampler: [[1]], dropLast: true }, 'batchSampler and dropLast cannot both be given'],
  [{ sampler: 5 as never }, 'sampler must be an iterable or async iterable, not 5'],
])('%j is refused', async (options, says) => {
  const error = await failure('ZC_ARGUMENT', () => loaderWith(options));
  expect(error.summary).toBe(says);
});

test.each([[[[]]], [[7]], [[[1.5]]], [[[COUNT]]]])(
  'a batchSampler that gives %j is refused',
  async (batchSampler) => {
    await expect(take(loaderWith({ batchSampler: batchSampler as never }))).rejects.toThrow(
      /batchSampler gave|sampler gave/,
    );
  },
);

describe('resume', () => {
  /** Has a state of its own: ids are drawn by a generator whose number so far says everything. */
  class Walk implements Iterable<number> {
    loads = 0;
    #at = 1;
    #left = 20;
    *[Symbol.iterator](): Generator<number> {
      if (this.loads === 0) this.setEpoch(this.epoch);
      while (this.#left-- > 0) {
        this.#at = (this.#at * 37 + 11) % 101;
        yield this.#at % COUNT;
      }
    }
    epoch = 0;
    setEpoch(epoch: number) {
      this.epoch = epoch;
      this.#at = epoch + 1;
      this.#left = 20;
    }
    stateDict() {
      return { at: this.#at, left: this.#left };
    }
    loadStateDict(state: unknown) {
      this.loads++;
      ({ at: this.#at, left: this.#left } = state as { at: number; left: number });
    }
  }

  test.each<[string, () => DataLoaderOptions]>([
    ['a list', () => ({ sampler: range(23), batchSize: 4 })],
    ['an async iterable', () => ({ sampler: slow(range(23)), batchSize: 4, prefetchBatches: 5 })],
    ['a sampler with a state', () => ({ sampler: new Walk(), batchSize: 3 })],
    ['a batchSampler', () => ({ batchSampler: [[1], [2, 3], [4, 5, 6], [7, 8]] })],
  ])('of %s, at every batch', async (_, options) => {
    const whole = loaderWith(options());
    const first = await take(whole);
    const expected = [...first, ...(await take(whole))];
    for (let taken = 0; taken < first.length; taken++) {
      const before = loaderWith(options());
      const head = await take(before, taken);
      const after = loaderWith(options());
      after.loadStateDict(saved(before));
      expect([...head, ...(await take(after)), ...(await take(after))], `after ${taken}`).toEqual(expected);
    }
  });

  test('by its own state no id is asked for twice', async () => {
    const before = loaderWith({ sampler: new Walk(), batchSize: 5 });
    await take(before, 2);
    const sampler = new Walk();
    const after = loaderWith({ sampler, batchSize: 5 });
    after.loadStateDict(saved(before));
    expect(await take(after)).toHaveLength(2);
    expect(sampler.loads).toBe(1);
  });

  test('after the last batch it is the next epoch, with no batch left over', async () => {
    const loader = loaderWith({ sampler: range(8), batchSize: 4 });
    await take(loader, 2);
    expect(saved(loader)).toMatchObject({ epoch: 1, position: 0, sampler: null });
  });

  test('states of loaders with and without a sampler are not taken for each other', async () => {
    const sampled = loaderWith({ sampler: range(8) });
    const plain = loaderWith({});
    await failure('ZC_STATE_MISMATCH', () => plain.loadStateDict(sampled.stateDict()));
    await failure('ZC_STATE_MISMATCH', () => sampled.loadStateDict(plain.stateDict()));
  });
});
