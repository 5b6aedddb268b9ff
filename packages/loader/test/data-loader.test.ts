import { defineSchema, field } from '@zc/format';
import { beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, Dataset } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';
import { coldCopy, shardPaths } from './helpers/page-cache.js';
import { expectEverything } from './helpers/samples.js';

const COUNT = 150;
let directory: string;
beforeAll(async () => {
  directory = await writeDataset(everything, everythingSamples(COUNT));
});
const names = everything.fields.map(({ name }) => name);
type Everything = typeof everything;

async function idsOf(batches: AsyncIterable<Batch>): Promise<number[]> {
  const ids: number[] = [];
  for await (const batch of batches) ids.push(...batch.indices);
  return ids;
}
const range = (length: number) => Array.from({ length }, (_, i) => i);
const ascending = (ids: number[]) => [...ids].sort((a, b) => a - b);

describe.each(backends)('reading with %s', (backend) => {
  describe.each(['auto', 'direct', 'copied'] as const)('in mode %s', (mode) => {
    test.each([
      ['cold', Number.MAX_SAFE_INTEGER],
      ['cold, of a set beyond the page cache', 0],
      ['warm', Number.MAX_SAFE_INTEGER],
    ])('%s, every sample comes once an epoch as it was written', async (heat, pageCacheBudget) => {
      const source = heat === 'warm' ? directory : coldCopy(directory);
      await using loader = await DataLoader.open<Everything>(source, {
        ...{ batchSize: 16, shuffle: true, seed: 3, mode, backend, pageCacheBudget },
      });
      for (let epoch = 0; epoch < 2; epoch++) {
        const ids: number[] = [];
        for await (const batch of loader) {
          expectEverything(batch, names);
          expect(batch.image.shape).toEqual([batch.length, 16, 16, 8]);
          ids.push(...batch.indices);
        }
        expect(ids).not.toEqual(range(COUNT));
        expect(ascending(ids)).toEqual(range(COUNT));
      }
      expect(loader.stats()).toMatchObject({ batches: 20, samples: 2 * COUNT });
    });
  });

  test('in order, where neighbours are read together', async () => {
    await using loader = await DataLoader.open<Everything>(directory, {
      batchSize: 64,
      mode: 'direct',
      backend,
    });
    const ids: number[] = [];
    for await (const batch of loader) {
      expectEverything(batch, names);
      ids.push(...batch.indices);
    }
    expect(ids).toEqual(range(COUNT));
  });

  test.each(['always', 'never'] as const)('with verify: %s', async (verify) => {
    await using loader = await DataLoader.open<Everything>(directory, { batchSize: 64, verify, backend });
    for await (const batch of loader) expectEverything(batch, names);
    for await (const batch of loader) expectEverything(batch, names);
  });
});

describe('what a batch holds', () => {
  test('64-bit integers are BigInt64Array, bfloat16 are bits, texts and JSON are values', async () => {
    await using loader = await DataLoader.open<Everything>(directory, { batchSize: 4 });
    for await (const batch of loader) {
      expect(batch.label.data).toBeInstanceOf(BigInt64Array);
      expect(batch.label.shape).toEqual([4]);
      expect(batch.weights).toMatchObject({ dtype: 'bfloat16', shape: [4, 3] });
      expect(batch.weights.data).toBeInstanceOf(Uint16Array);
      expect(batch.audio.offsets).toEqual(Int32Array.of(0, 0, 37, 111, 222));
      expect(batch.audio.shapes(2)).toEqual([74]);
      expect(batch.boxes.shapes(3)).toEqual([3, 6]);
      expect(batch.caption.toArray()[1]).toBe('sample 1 – größer');
      expect(batch.extra.at(2)).toEqual({ i: 2, list: [2, null, 'x'] });
      expect(batch.photo.at(1)).toBeInstanceOf(Uint8Array);
      await failure('ZC_INDEX_RANGE', () => batch.caption.at(4));
      break;
    }
  });

  test('only the fields that are asked for, and nothing of others is read', async () => {
    await using loader = await DataLoader.open<Everything>(directory, {
      ...{ batchSize: 10, shuffle: true, fields: ['weights', 'label'], mode: 'direct' },
    });
    for await (const batch of loader) {
      expect(Object.keys(batch.fields)).toEqual(['label', 'weights']);
      expectEverything(batch, ['label', 'weights']);
    }
    const stats = loader.stats();
    expect(stats.bytesDirect + stats.bytesStaged + stats.bytesCopied).toBeLessThan(COUNT * 2048);
    await failure('ZC_ARGUMENT', () => new DataLoader(loader.dataset, { fields: ['nothing'] }));
  });

  test('a batch size beyond the dataset means all of it', async () => {
    await using loader = await DataLoader.open(directory, { batchSize: 10_000_000 });
    expect(await idsOf(loader)).toEqual(range(COUNT));
  });

  test('a batch that no slot could hold is refused before there is any memory', async () => {
    const schema = defineSchema({ row: field.tensor('uint8', [2 ** 20]) });
    await using dataset = await Dataset.open(await writeDataset(schema, [{ row: new Uint8Array(2 ** 20) }]));
    const error = await failure('ZC_ARGUMENT', () => dataset.getBatch(new Float64Array(4097)));
    expect(error.message).toMatch(/a batch has 4296048648 bytes.*\n.*fewer samples/);
  });

  test('a field that is named like a member of the batch is found in fields', async () => {
    const schema = defineSchema({
      length: field.scalar('uint32'),
      release: field.text(),
      plain: field.scalar('bool'),
    });
    const samples = range(6).map((i) => ({ length: i * 7, release: `r${i}`, plain: i % 2 === 0 }));
    await using loader = await DataLoader.open<typeof schema>(await writeDataset(schema, samples), {
      batchSize: 6,
    });
    for await (const batch of loader) {
      expect(batch.length).toBe(6);
      expect([...batch.fields.length.data]).toEqual([0, 7, 14, 21, 28, 35]);
      expect(batch.fields.release.at(3)).toBe('r3');
      expect(batch.release).toBeInstanceOf(Function);
      expect(batch.plain.data).toEqual(Uint8Array.of(1, 0, 1, 0, 1, 0));
    }
  });

  test('the slot tells another process where everything lies', async () => {
    await using loader = await DataLoader.open<Everything>(directory, { batchSize: 5, shuffle: true });
    for await (const batch of loader) {
      const { layout, pool, segment, offset } = batch.slot;
      const buffer = batch.image.data.buffer as ArrayBuffer;
      expect(pool.segments[segment]!.sizeBytes).toBeGreaterThanOrEqual(offset + layout.lengthBytes);
      for (const span of layout.fields) expect(span.offset % 4096).toBe(0);
      const int64 = (at: number, length: number) => [...new BigInt64Array(buffer, at, length)].map(Number);
      expect(int64(layout.indicesAt, 5)).toEqual([...batch.indices]);
      const audio = layout.fields.find(({ plan }) => plan.field.name === 'audio')!;
      expect(int64(audio.variable!.offsetsAt, 6)).toEqual([...batch.audio.offsets]);
      const boxes = layout.fields.find(({ plan }) => plan.field.name === 'boxes')!;
      expect(int64(boxes.variable!.dimsAt, 10)).toEqual(range(5).flatMap((i) => batch.boxes.shapes(i)));
      break;
    }
  });
});

describe('epochs', () => {
  test('the same seed gives the same order, another epoch or seed another one', async () => {
    await using dataset = await Dataset.open(directory);
    const options = { batchSize: 8, shuffle: true, fields: ['label'] };
    await using one = new DataLoader(dataset, { ...options, seed: 5 });
    await using two = new DataLoader(dataset, { ...options, seed: 5, batchSize: 13, prefetchBatches: 1 });
    await using other = new DataLoader(dataset, { ...options, seed: 6 });
    const [first, second] = [await idsOf(one), await idsOf(one)];
    expect([await idsOf(two), await idsOf(two)]).toEqual([first, second]);
    expect(second).not.toEqual(first);
    expect(await idsOf(other)).not.toEqual(first);
    one.setEpoch(0);
    expect(await idsOf(one)).toEqual(first);
    expect(await idsOf(one)).toEqual(second);
  });

  test('a broken-off iteration is an epoch too', async () => {
    await using dataset = await Dataset.open(directory);
    const options = { batchSize: 8, shuffle: true, fields: ['label'] };
    await using loader = new DataLoader(dataset, options);
    for await (const _ of loader) break;
    await using same = new DataLoader(dataset, options);
    same.setEpoch(1);
    expect(await idsOf(loader)).toEqual(await idsOf(same));
  });

  test('a newer iteration takes the place of the one before, which says so', async () => {
    await using loader = await DataLoader.open(directory, { batchSize: 50 });
    const first = loader[Symbol.asyncIterator]();
    await first.next();
    const pending = first.next();
    const second = loader[Symbol.asyncIterator]();
    const error = await failure('ZC_SUPERSEDED', () => pending);
    expect(error.message).toContain('Make a second loader');
    await failure('ZC_SUPERSEDED', () => first.next());
    for (let batch = 0; batch < 3; batch++) expect((await second.next()).done).toBe(false);
    expect((await second.next()).done).toBe(true);
  });

  test('two loops over one loader at the same time are refused', async () => {
    await using loader = await DataLoader.open(directory, { batchSize: 50 });
    const [one, two] = await Promise.allSettled([idsOf(loader), idsOf(loader)]);
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ZC_SUPERSEDED' } });
    expect(two).toMatchObject({ status: 'fulfilled', value: range(COUNT) });
    await failure('ZC_SUPERSEDED', async () => {
      for await (const _ of loader) expect(await idsOf(loader)).toHaveLength(COUNT);
    });
  });

  test('an iteration that was returned, or has handed out every batch, ends silently', async () => {
    await using loader = await DataLoader.open(directory, { batchSize: COUNT });
    const returned = loader[Symbol.asyncIterator]();
    await returned.return?.();
    const whole = loader[Symbol.asyncIterator]();
    await whole.next();
    expect(await idsOf(loader)).toHaveLength(COUNT);
    expect((await returned.next()).done).toBe(true);
    expect((await whole.next()).done).toBe(true);
  });

  test('dropLast, length and ranks from the environment', async () => {
    await using dataset = await Dataset.open(directory);
    const loader = (options: object) => new DataLoader(dataset, { fields: ['label'], ...options });
    expect(loader({ batchSize: 64 }).length).toBe(3);
    expect(loader({ batchSize: 64, dropLast: true }).length).toBe(2);
    expect(await idsOf(loader({ batchSize: 64, dropLast: true }))).toHaveLength(128);
    expect(loader({ batchSize: 32, worldSize: 4, rank: 3 }).length).toBe(2);

    const settled = loader({ batchSize: 32 });
    process.env.RANK = '1';
    process.env.WORLD_SIZE = '2';
    try {
      const ids = await idsOf(settled);
      expect(ids).toHaveLength(75);
      expect(ids[0]).toBe(32);
      process.env.RANK = '0';
      await failure('ZC_RANK_CHANGED', () => idsOf(settled));
    } finally {
      delete process.env.RANK;
      delete process.env.WORLD_SIZE;
    }
    await failure('ZC_ARGUMENT', () => idsOf(loader({ rank: 2, worldSize: 2 })));
  });

  test('ranks together read everything, each its own part', async () => {
    await using dataset = await Dataset.open(directory);
    const ranks = await Promise.all(
      range(4).map((rank) =>
        idsOf(
          new DataLoader(dataset, { batchSize: 7, shuffle: true, rank, worldSize: 4, fields: ['label'] }),
        ),
      ),
    );
    expect(ranks.map((ids) => ids.length)).toEqual([38, 38, 38, 38]);
    expect(new Set(ranks.flat()).size).toBe(COUNT);
  });
});

describe('shards without samples', () => {
  test('a whole dataset of them has no batches', async () => {
    await using loader = await DataLoader.open(await writeDataset(everything, []), {
      batchSize: 4,
      shuffle: true,
    });
    expect(loader.length).toBe(0);
    expect(await idsOf(loader)).toEqual([]);
    expect(loader.stateDict()).toMatchObject({ epoch: 1, position: 0 });
  });

  test('lie among others and change nothing', async () => {
    const [empty] = shardPaths(await writeDataset(everything, []));
    const full = shardPaths(directory);
    await using loader = await DataLoader.open<Everything>([empty!, ...full, empty!], {
      batchSize: 32,
      shuffle: true,
    });
    for await (const batch of loader) expectEverything(batch, names);
    expect(loader.stats().samples).toBe(COUNT);
    expect(loader.getSample(COUNT - 1).caption).toBe(`sample ${COUNT - 1} – größer`);
  });
});

test('wrong options', async () => {
  await using dataset = await Dataset.open(directory);
  for (const options of [
    { batchSize: 0 },
    { batchSize: 1.5 },
    { seed: -1 },
    { prefetchBatches: 0 },
    { mode: 'mmap' as never },
    { verify: 'yes' as never },
    { maxMemoryBytes: 0 },
  ]) {
    await failure('ZC_ARGUMENT', () => new DataLoader(dataset, options));
  }
});
