import { truncateSync } from 'node:fs';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { collectUntil } from '../../../tools/testing/garbage.js';
import { DataLoader, Dataset, type MappedBatch, normalize } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { flipByte, footerOf } from './helpers/damage.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';
import { coldCopy, shardPaths } from './helpers/page-cache.js';

const COUNT = 120;
type Everything = typeof everything;
const names = everything.fields.map(({ name }) => name) as (keyof MappedBatch<Everything>['fields'])[];
const written = writeDataset(everything, everythingSamples(COUNT));

async function idsOf(loader: AsyncIterable<{ indices: Float64Array }>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { indices } of loader) ids.push(...indices);
  return ids;
}

async function firstOf(loader: AsyncIterable<object>): Promise<WeakRef<object>> {
  for await (const batch of loader) return new WeakRef(batch);
  throw new Error('there is no batch');
}

test.each(backends)(
  'mapped batches have the values that get gives, cold and warm, with %s',
  async (backend) => {
    const directory = coldCopy(await written);
    await using dataset = await Dataset.open<Everything>(await written);
    await using loader = await DataLoader.open<Everything, { mode: 'mapped'; batchSize: 16 }>(directory, {
      ...{ mode: 'mapped', batchSize: 16, shuffle: true, seed: 5, backend },
    });
    for (let epoch = 0; epoch < 2; epoch++) {
      const seen = new Set<number>();
      for await (const batch of loader) {
        batch.indices.forEach((id, i) => {
          const sample = dataset.get(id) as Record<string, unknown>;
          for (const name of names) expect(batch.fields[name][i], `${name} of ${id}`).toEqual(sample[name]);
          seen.add(id);
        });
        expect(batch.way).toBe('mapped');
      }
      expect(seen.size).toBe(COUNT);
    }
    expect(loader.stats()).toMatchObject({ samples: 2 * COUNT, bytesCopied: 0, bytesRead: 0 });
  },
);

test('order, ranks, a sampler, states and block shuffle are those of other modes', async () => {
  const directory = await written;
  for (const options of [
    { shuffle: true, seed: 3 },
    { shuffle: true, seed: 3, rank: 1, worldSize: 3 },
    { shuffle: { blocks: 20_000, window: 40 }, seed: 3 },
    { sampler: [5, 5, 100, 7] },
  ]) {
    const common = { ...options, batchSize: 7, fields: ['label'] };
    await using mapped = await DataLoader.open(directory, { ...common, mode: 'mapped' });
    await using copied = await DataLoader.open(directory, common);
    expect(await idsOf(mapped)).toEqual(await idsOf(copied));
    expect(mapped.stateDict()).toEqual(copied.stateDict());
  }
});

test('views stay valid when their batch, its loader and the dataset are gone', async () => {
  const loader = await DataLoader.open<Everything, { mode: 'mapped' }>(await written, {
    ...{ mode: 'mapped', batchSize: 10, fields: ['image'] },
  });
  const kept = [];
  for await (using batch of loader) kept.push(...batch.image);
  await loader.close();
  await using dataset = await Dataset.open<Everything>(await written);
  kept.forEach((image, id) => {
    expect(image).toEqual(dataset.get(id).image);
  });
});

test('a changed row is named, and the same without verification is not', async () => {
  const directory = coldCopy(await written);
  const path = shardPaths(directory)[1]!;
  const { region } = footerOf(path).layout[0]!;
  flipByte(path, region.offset + 5);
  const options = { mode: 'mapped', batchSize: 8 } as const;
  await using loader = await DataLoader.open(directory, options);
  const error = await failure('ZC_FORMAT_CHECKSUM', () => idsOf(loader));
  expect(error).toMatchObject({ path, offset: region.offset, details: { field: 'image', row: 0 } });
  await using trusting = await DataLoader.open(directory, { ...options, verify: 'never' });
  expect(await idsOf(trusting)).toHaveLength(COUNT);
});

test('a file that is cut short while it is mapped ends the iteration with its name', async () => {
  const directory = coldCopy(await written);
  const path = shardPaths(directory)[0]!;
  await using loader = await DataLoader.open(directory, {
    ...{ mode: 'mapped', batchSize: 4, prefetchBatches: 1 },
  });
  const batches = loader[Symbol.asyncIterator]();
  await batches.next();
  truncateSync(path, 8192);
  const error = await failure('ZC_IO_POISONED', async () => {
    for (;;) await batches.next();
  });
  expect(error.path).toBe(path);
});

test('the signal ends it, and breaking out leaves nothing behind', async () => {
  const controller = new AbortController();
  const loader = await DataLoader.open(await written, {
    ...{ mode: 'mapped', batchSize: 4, signal: controller.signal },
  });
  for await (const _ of loader) break;
  for await (const _ of loader) {
    controller.abort();
    break;
  }
  await failure('ZC_ABORTED', () => idsOf(loader));
  await loader.close();
});

test('a loader that was broken out of and closed holds no batch', async () => {
  const loader = await DataLoader.open(await written, { mode: 'mapped', batchSize: 4 });
  const batch = await firstOf(loader);
  await loader.close();
  expect(await collectUntil(() => batch.deref() === undefined)).toBe(true);
  expect(loader.stats().samples).toBe(4);
});

test('what would change batches in place is refused', async () => {
  await using dataset = await Dataset.open<Everything>(await written);
  const make = (options: object) => async () =>
    new DataLoader(dataset, { mode: 'mapped', ...options }) as unknown;
  await failure('ZC_ARGUMENT', make({ pad: { audio: {} } }));
  await failure('ZC_ARGUMENT', make({ transforms: { image: [normalize({ mean: 1, std: 1 })] } }));
  await failure('ZC_ARGUMENT', make({ onCorrupt: 'skip' }));
  await failure('ZC_ARGUMENT', make({ transform: () => {} }));
  const windows = await dataset.windows({ field: 'tokens', length: 8 });
  await failure('ZC_ARGUMENT', async () => new DataLoader(windows, { mode: 'mapped' }) as unknown);
});
