import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, Dataset, mix, type Source } from '../src/index.js';
import { partsOf } from '../src/sources/source.js';
import { everything, everythingAt, everythingSamples, writeDataset } from './helpers/datasets.js';
import { expectEverything } from './helpers/samples.js';

const COUNT = 130;
let dataset: Dataset<typeof everything>;
beforeAll(async () => {
  dataset = await Dataset.open(await writeDataset(everything, everythingSamples(COUNT)));
});
afterAll(() => dataset.close());

const range = (length: number) => Array.from({ length }, (_, i) => i);
const ascending = (ids: Iterable<number>) => [...ids].sort((a, b) => a - b);
const listOf = (source: Source, { epoch = 0, shuffle = true } = {}) => {
  const ids = new Float64Array(source.length);
  partsOf(source).sequence({ shuffle, seed: 5, epoch }).fill(ids, 0, ids.length);
  return [...ids];
};

describe('subset and take', () => {
  test('in their order, or shuffled; the ids are those of the dataset', async () => {
    const subset = dataset.subset([7, 3, 99, 3]);
    expect(subset).toMatchObject({ length: 4, schema: dataset.schema });
    expect(listOf(subset, { shuffle: false })).toEqual([7, 3, 99, 3]);
    expect(ascending(listOf(subset))).toEqual([3, 3, 7, 99]);
    expect(listOf(dataset.take(5), { shuffle: false })).toEqual(range(5));
    expect(dataset.take(1000).length).toBe(COUNT);
    expect(listOf(subset.take(2), { shuffle: false })).toEqual([7, 3]);
    expect(listOf(dataset.subset(new Set([9, 8])).subset([1]), { shuffle: false })).toEqual([8]);
  });

  test('a loader reads just these samples', async () => {
    await using loader = new DataLoader(dataset.subset([7, 3, 99, 3]), { batchSize: 3 });
    const ids: number[] = [];
    for await (const batch of loader) {
      expectEverything(batch as Batch<typeof everything>, ['image', 'audio', 'caption']);
      ids.push(...batch.indices);
    }
    expect(ids).toEqual([7, 3, 99, 3]);
    expect(loader.length).toBe(2);
    expect(loader.dataset).toBe(dataset);
  });

  test('numbers that are none are refused', async () => {
    await failure('ZC_INDEX_RANGE', () => dataset.subset([1, COUNT]));
    await failure('ZC_INDEX_RANGE', () => dataset.subset([0.5]));
    await failure('ZC_ARGUMENT', () => dataset.take(-1));
  });
});

test('split: parts that share nothing and leave nothing out', async () => {
  const { train, test: tested, rest } = dataset.split({ train: 8, test: 1, rest: 1 }, { seed: 3 });
  expect([train.length, tested.length, rest.length]).toEqual([104, 13, 13]);
  const ids = [train, tested, rest].flatMap((part) => listOf(part, { shuffle: false }));
  expect(ascending(ids)).toEqual(range(COUNT));
  expect(ids).not.toEqual(range(COUNT));
  const again = dataset.split({ train: 0.8, test: 0.1, rest: 0.1 }, { seed: 3 });
  expect(again.test.digest).toBe(tested.digest);
  expect(listOf(dataset.split({ train: 8, test: 1, rest: 1 }, { seed: 4 }).test)).not.toEqual(listOf(tested));
  await failure('ZC_ARGUMENT', () => dataset.split({ train: 0.9, test: 0 }));
  await failure('ZC_ARGUMENT', () => dataset.split({ train: 1 }, { sed: 1 } as never));
});

describe('filter', () => {
  test('by what the samples hold, of any kind', async () => {
    const seen: unknown[] = [];
    const chosen = await dataset.filter(
      ({ label, audio, caption, weights, boxes }) => {
        if (seen.length === 0) seen.push(label, audio.data.length, caption, weights.shape, boxes.shape);
        return label % 2n === 0n && audio.data.length > 100 && caption !== '';
      },
      { fields: ['label', 'audio', 'caption', 'weights', 'boxes'] },
    );
    expect(seen).toEqual([0n, 0, '', [3], [0, 5]]);
    const wanted = range(COUNT).filter((i) => {
      const { label, audio, caption } = everythingAt(i) as {
        label: bigint;
        audio: Int16Array;
        caption: string;
      };
      return label % 2n === 0n && audio.length > 100 && caption !== '';
    });
    expect(listOf(chosen, { shuffle: false })).toEqual(wanted);
    const some = await dataset
      .subset([8, 9, 10])
      .filter(({ label }) => label !== 9n * 10_000_000_019n, { fields: ['label'] });
    expect(listOf(some, { shuffle: false })).toEqual([8, 10]);
  });

  test("its errors are the predicate's, and of reading", async () => {
    const broken = dataset.filter(
      () => {
        throw new RangeError('mine');
      },
      { fields: ['label'] },
    );
    await expect(broken).rejects.toThrow('mine');
    await failure('ZC_ARGUMENT', () => dataset.filter(() => true, { fields: ['nothing'] }));
    await failure('ZC_ABORTED', () =>
      dataset.filter(() => true, { fields: ['label'], signal: AbortSignal.abort() }),
    );
  });
});

describe('weighted', () => {
  const weights = Float64Array.from({ length: COUNT }, (_, i) => (i % 10 === 0 ? 9 : 1));

  test('with replacement: as many samples as are asked for, the heavy ones oftener', () => {
    const source = dataset.weighted(weights, { length: 5000 });
    const heavy = listOf(source).filter((id) => id % 10 === 0).length;
    expect(source.length).toBe(5000);
    expect(heavy).toBeGreaterThan(2300);
    expect(heavy).toBeLessThan(2700);
  });

  test('without: each once, those of weight 0 never', async () => {
    const some = weights.map((weight, i) => (i < 30 ? 0 : weight));
    const ids = listOf(dataset.weighted(some, { replacement: false }));
    expect(ascending(ids)).toEqual(range(COUNT).slice(30));
    await failure('ZC_ARGUMENT', () => dataset.weighted(some, { replacement: false, length: 101 }));
  });

  test('of a subset the weights are those of its samples', () => {
    const ids = listOf(dataset.subset([70, 80]).weighted([1, 0]));
    expect(ids).toEqual([70, 70]);
  });
});

test('digests tell different choices apart, and are the same for the same one', async () => {
  const choices = () => [
    dataset,
    dataset.take(5),
    dataset.take(6),
    dataset.subset([1, 2]),
    dataset.subset([2, 1]),
    dataset.split({ a: 1, b: 1 }).a,
    dataset.split({ a: 1, b: 1 }).b,
    dataset.split({ a: 1, b: 1 }, { seed: 1 }).a,
    dataset.weighted(new Float64Array(COUNT).fill(1)),
    dataset.weighted(new Float64Array(COUNT).fill(2)),
    dataset.weighted(new Float64Array(COUNT).fill(1), { replacement: false }),
    dataset.repeat(2),
    dataset.repeat(3),
    dataset.take(5).repeat(2),
  ];
  const digests = choices().map(({ digest }) => digest);
  expect(new Set(digests).size).toBe(digests.length);
  expect(choices().map(({ digest }) => digest)).toEqual(digests);
});

test('a filter checks its options', async () => {
  const filter = (options: unknown) => dataset.filter(() => true, options as never);
  await failure('ZC_ARGUMENT', () => filter({ feilds: ['label'] }));
  await failure('ZC_ARGUMENT', () => filter({ fields: 'label' }));
  await failure('ZC_ARGUMENT', () => filter(undefined));
});

test('what is no list, no proportions or no predicate is refused', async () => {
  const fields = ['label'] as const;
  const decidesLater = async () => false;
  await failure('ZC_ARGUMENT', () => dataset.subset(5 as never));
  await failure('ZC_ARGUMENT', () => dataset.subset(undefined as never));
  await failure('ZC_ARGUMENT', () => dataset.split(null as never));
  await failure('ZC_ARGUMENT', () => mix([null] as never));
  await failure('ZC_ARGUMENT', () => dataset.filter('label' as never, { fields }));
  await failure('ZC_ARGUMENT', () => dataset.filter(decidesLater as never, { fields }));
});
