import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { ReadEngine, zstdCompressor } from '@zc/io';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { type Batch, DataLoader, type DataLoaderOptions, type SkippedSamples } from '../src/index.js';
import { flipByte, footerOf } from './helpers/damage.js';
import { bytesOf, writeDataset } from './helpers/datasets.js';
import { shardPaths } from './helpers/page-cache.js';

const COUNT = 203;
const PIXELS = 1500;
/** Rows checked one by one, rows checked by blocks and held in memory, and rows of three bytes. */
const plain = defineSchema({
  image: field.tensor('uint8', [PIXELS]),
  label: field.scalar('int64'),
  color: field.tensor('uint8', [3]),
  wide: field.tensor('float32', [40]),
});
type Plain = typeof plain;
type Name = 'image' | 'label' | 'color' | 'wide';

const sampleAt = (i: number) => ({
  image: bytesOf(i, PIXELS),
  label: BigInt(i) * 10_000_000_019n,
  color: bytesOf(i + 7, 3),
  wide: Float32Array.from({ length: 40 }, (_, k) => i + k / 8),
});
const write = () =>
  writeDataset(
    plain,
    Array.from({ length: COUNT }, (_, i) => sampleAt(i)),
    { shardBytes: 60_000 },
  );
const open = (directory: string, options: DataLoaderOptions) =>
  DataLoader.open<Plain>(directory, { batchSize: 16, shuffle: true, ...options });

/** Batches that went without a plan. */
const unplanned = () => vi.mocked(ReadEngine.prototype.readRows).mock.calls.length;

beforeEach(() => {
  vi.spyOn(ReadEngine.prototype, 'readRows');
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** One epoch, every byte of which is looked at; the samples that it had. */
async function readAll(loader: DataLoader<Plain>, names: readonly Name[]): Promise<number[]> {
  const ids: number[] = [];
  for await (const batch of loader as AsyncIterable<Batch<Plain>>) {
    ids.push(...batch.indices);
    batch.indices.forEach((id, row) => {
      const wanted = sampleAt(id);
      for (const name of names) {
        if (name === 'label') {
          expect(batch.fields.label.data[row]).toBe(wanted.label);
          continue;
        }
        const { data } = batch.fields[name];
        const perRow = data.length / batch.length;
        expect(
          Buffer.compare(view(data.subarray(row * perRow, (row + 1) * perRow)), view(wanted[name])),
        ).toBe(0);
      }
    });
  }
  return ids.sort((a, b) => a - b);
}

const view = (array: NodeJS.ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const everyId = Array.from({ length: COUNT }, (_, i) => i);
const everyName = ['image', 'label', 'color', 'wide'] as const;

test.each<[readonly Name[]]>([[everyName], [['image']], [['label', 'wide']]])(
  'of %j gives the bytes that planned reads give, epoch after epoch',
  async (names) => {
    await using loader = await open(await write(), { fields: names });
    for (let epoch = 0; epoch < 4; epoch++) expect(await readAll(loader, names)).toEqual(everyId);
    // All of the last two epochs at least, short last batches included.
    expect(unplanned()).toBeGreaterThanOrEqual(2 * loader.length);
  },
);

test('rows that were not found right yet are never taken without a plan', async () => {
  await using loader = await open(await write(), {});
  await readAll(loader, everyName);
  // The next epoch is not begun before this one's end, in a loader's first iteration.
  expect(unplanned()).toBe(0);
});

test.each<Pick<DataLoaderOptions, 'mode' | 'verify'> & { fields?: Name[] }>([
  { mode: 'direct' },
  // The rows of "wide" are checked by blocks.
  { verify: 'always' },
  { fields: ['label', 'color'] },
])('never with %j', async (options) => {
  await using loader = await open(await write(), options);
  for (let epoch = 0; epoch < 3; epoch++) await readAll(loader, options.fields ?? everyName);
  expect(unplanned()).toBe(0);
});

test.each(['ragged', 'packed'])('never with rows that are %s', async (name) => {
  const zstd = zstdCompressor();
  const schema = defineSchema({
    packed: field.tensor('uint8', [2000], { codec: 'zstd', codecLibrary: zstd.library, codecLevel: 3 }),
    ragged: field.tensor('uint8', [null]),
    image: field.tensor('uint8', [2000]),
  });
  const directory = join(temporaryDirectory(), 'set');
  await using writer = await DatasetWriter.create(directory, { schema, sha256: false, zstd });
  for (let i = 0; i < 50; i++) {
    await writer.append({ packed: bytesOf(i, 2000), ragged: bytesOf(i, i), image: bytesOf(i, 2000) });
  }
  await writer.finish();
  await using loader = await DataLoader.open(directory, { batchSize: 10, fields: [name, 'image'] });
  for (let epoch = 0; epoch < 3; epoch++) for await (const batch of loader) expect(batch.length).toBe(10);
  expect(unplanned()).toBe(0);
});

test("with verify: 'always' each copy is checked", async () => {
  await using loader = await open(await write(), { fields: ['image', 'label'], verify: 'always' });
  for (let epoch = 0; epoch < 3; epoch++) expect(await readAll(loader, ['image', 'label'])).toEqual(everyId);
  expect(unplanned()).toBeGreaterThanOrEqual(loader.length);
});

describe('a shard that goes wrong', () => {
  test.each(['throw', 'skip'] as const)(
    "in memory, with verify: 'always', onCorrupt %s",
    async (onCorrupt) => {
      const directory = await write();
      await using loader = await open(directory, { fields: ['image'], verify: 'always', onCorrupt });
      for (let epoch = 0; epoch < 2; epoch++) expect(await readAll(loader, ['image'])).toEqual(everyId);
      const before = unplanned();
      expect(before).toBeGreaterThan(0);
      const path = shardPaths(directory)[1]!;
      const offset = footerOf(path).layout[0]!.region.offset + 2 * PIXELS + 5;
      flipByte(path, offset);
      // Some batches may have been read before.
      const readTwice = async () => [await readAll(loader, ['image']), await readAll(loader, ['image'])];
      if (onCorrupt === 'throw') {
        const error = await failure('ZC_FORMAT_CHECKSUM', readTwice);
        expect(error).toMatchObject({ path, offset: offset - 5, details: { field: 'image', row: 2 } });
      } else {
        await readTwice();
        // It stays out, and the others have come in again.
        const addRows = vi.spyOn(ReadEngine.prototype, 'addRows');
        for (let epoch = 0; epoch < 2; epoch++)
          expect(await readAll(loader, ['image'])).toHaveLength(COUNT - 1);
        expect(addRows).not.toHaveBeenCalled();
      }
      expect(unplanned()).toBeGreaterThan(before);
    },
  );

  // Its map has all pages that are touched: what is missing reads as zeros.
  test.each(['throw', 'skip'] as const)(
    "by being cut within a page, with verify: 'always', onCorrupt %s",
    async (onCorrupt) => {
      const directory = await write();
      await using loader = await open(directory, { fields: ['image'], verify: 'always', onCorrupt });
      for (let epoch = 0; epoch < 2; epoch++) expect(await readAll(loader, ['image'])).toEqual(everyId);
      expect(unplanned()).toBeGreaterThan(0);
      const path = shardPaths(directory)[1]!;
      const { offset, length } = footerOf(path).layout[0]!.region;
      truncateSync(path, offset + length - 10);
      const readTwice = async () => [await readAll(loader, ['image']), await readAll(loader, ['image'])];
      if (onCorrupt === 'throw') {
        const error = await failure('ZC_IO_SHORT_READ', readTwice);
        expect(error).toMatchObject({ path, expected: PIXELS, actual: PIXELS - 10 });
      } else {
        await readTwice();
        expect(await readAll(loader, ['image'])).toHaveLength(COUNT - 1);
      }
    },
  );

  test('before it was read is found, and stays found', async () => {
    const directory = await write();
    const path = shardPaths(directory)[1]!;
    const { layout } = footerOf(path);
    flipByte(path, layout[plain.fields.findIndex(({ name }) => name === 'image')]!.region.offset + 5);
    const skipped: SkippedSamples[] = [];
    await using loader = await open(directory, { onCorrupt: (report) => skipped.push(report) });
    for (let epoch = 1; epoch <= 3; epoch++) {
      expect(await readAll(loader, everyName)).toHaveLength(COUNT - 1);
      expect(skipped).toHaveLength(epoch);
    }
    expect(skipped.every(({ error }) => error.code === 'ZC_FORMAT_CHECKSUM')).toBe(true);
  });

  test.each(['throw', 'skip'] as const)('by being cut while it is read, onCorrupt %s', async (onCorrupt) => {
    const directory = await write();
    await using loader = await open(directory, { fields: ['image'], onCorrupt, prefetchBatches: 1 });
    for (let epoch = 0; epoch < 3; epoch++) await readAll(loader, ['image']);
    const before = unplanned();
    expect(before).toBeGreaterThan(0);
    truncateSync(shardPaths(directory)[1]!, 8192);
    if (onCorrupt === 'throw') {
      const error = await failure('ZC_IO_POISONED', () => readAll(loader, ['image']));
      expect(error.path).toBe(shardPaths(directory)[1]);
      return;
    }
    // Some batches were read before.
    await readAll(loader, ['image']);
    const { shards } = loader.dataset;
    // What is left of the file is still had; the other shards lose nothing.
    const ids = await readAll(loader, ['image']);
    expect(ids.length).toBeLessThan(COUNT);
    expect(ids.length).toBeGreaterThanOrEqual(COUNT - shards[1]!.samples);
    expect(await readAll(loader, ['image'])).toEqual(ids);
  });
});

test('an iteration can be left in the midst of it', async () => {
  await using loader = await open(await write(), { fields: ['image'], prefetchBatches: 4 });
  for (let epoch = 0; epoch < 6; epoch++) {
    let batches = 0;
    for await (const _ of loader) if (epoch > 1 && ++batches === 2) break;
  }
  expect(unplanned()).toBeGreaterThan(0);
  expect(await readAll(loader, ['image'])).toEqual(everyId);
});
