import { readFileSync, renameSync, truncateSync } from 'node:fs';
import type { ZcError } from '@zc/errors';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, Dataset } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { flipByte, footerOf } from './helpers/damage.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';
import { shardPaths } from './helpers/page-cache.js';

const COUNT = 60;
type Everything = typeof everything;
const write = () => writeDataset(everything, everythingSamples(COUNT));

/** Reads a whole epoch, in batches that each hold rows of several shards. */
async function readAll(loader: DataLoader<Everything>): Promise<void> {
  for await (const batch of loader as AsyncIterable<Batch>) expect(batch.length).toBeGreaterThan(0);
}

describe.each(backends)('a flipped byte, read with %s', (backend) => {
  test.each(['auto', 'direct', 'copied'] as const)('in any field, mode %s', async (mode) => {
    for (const [fieldNumber, { name }] of everything.fields.entries()) {
      const directory = await write();
      const path = shardPaths(directory)[1]!;
      const { region } = footerOf(path).layout[fieldNumber]!;
      const flipped = region.offset + Math.floor(region.length / 2);
      flipByte(path, flipped);
      await using loader = await DataLoader.open<Everything>(directory, {
        ...{ batchSize: 12, shuffle: true, mode, backend, fields: [name] },
      });
      const error = await failure('ZC_FORMAT_CHECKSUM', () => readAll(loader));
      expectNamed(error, { path, field: name, flipped });
      // Still wrong the second time, and harmless to whoever does not read that field.
      await failure('ZC_FORMAT_CHECKSUM', () => readAll(loader));
      const others = everything.fields.map((field) => field.name).filter((other) => other !== name);
      await readAll(new DataLoader(loader.dataset, { batchSize: 12, fields: others }));
      await using unchecked = await DataLoader.open<Everything>(directory, {
        ...{ batchSize: 12, mode, backend, verify: 'never' },
      });
      await readAll(unchecked);
    }
  });
});

test('a flipped byte, seen by get', async () => {
  for (const [fieldNumber, { name }] of everything.fields.entries()) {
    const directory = await write();
    const path = shardPaths(directory)[1]!;
    const { region } = footerOf(path).layout[fieldNumber]!;
    const flipped = region.offset + Math.floor(region.length / 2);
    flipByte(path, flipped);
    await using dataset = await Dataset.open<Everything>(path);
    const error = await failure('ZC_FORMAT_CHECKSUM', () => {
      for (let i = 0; i < dataset.length; i++) dataset.get(i);
    });
    expectNamed(error, { path, field: name, flipped });
    await using unchecked = await Dataset.open<Everything>(path, { verify: 'never' });
    unchecked.get((error.details as { row: number }).row);
  }
});

/** File, offset, row, field, expected and actual. */
function expectNamed(
  error: ZcError,
  { path, field, flipped }: { path: string; field: string; flipped: number },
): void {
  expect(error).toMatchObject({ path, details: { field } });
  expect(error.offset).toBeLessThanOrEqual(flipped);
  expect(error.offset).toBeGreaterThan(flipped - 4096);
  expect(error.expected).not.toBe(error.actual);
  const row = (error.details as { row: number }).row;
  expect(row).toBeGreaterThanOrEqual(0);
  expect(error.summary).toContain(`row ${row} of field "${field}" has CRC32C`);
}

describe('damage outside the rows', () => {
  test.each(['ends', 'dims', 'checksums'] as const)('in a table: %s', async (table) => {
    const directory = await write();
    const path = shardPaths(directory)[0]!;
    const boxes = footerOf(path).layout.find(({ field }) => field.name === 'boxes')!;
    flipByte(path, boxes[table]!.offset + 5);
    await using loader = await DataLoader.open<Everything>(directory, { batchSize: 12 });
    const error = await failure('ZC_FORMAT_CHECKSUM', () => readAll(loader));
    expect(error).toMatchObject({ path, offset: boxes[table]!.offset });
    const fromGet = await failure('ZC_FORMAT_CHECKSUM', () => loader.getSample(1));
    expect(fromGet).toMatchObject({ path, offset: boxes[table]!.offset });
  });

  test.each([0, 100])('in the head, at %i', async (offset) => {
    const directory = await write();
    const path = shardPaths(directory)[0]!;
    flipByte(path, offset);
    await using dataset = await Dataset.open(directory);
    const code = offset === 0 ? 'ZC_FORMAT_BAD_MAGIC' : 'ZC_FORMAT_CHECKSUM';
    expect((await failure(code, () => dataset.get(0))).path).toBe(path);
    expect((await failure(code, () => dataset.getBatch([0]))).path).toBe(path);
  });

  test('in the footer', async () => {
    const directory = await write();
    const path = shardPaths(directory)[0]!;
    const bytes = readFileSync(path);
    flipByte(path, bytes.length - 100);
    await using dataset = await Dataset.open(directory);
    expect((await failure('ZC_FORMAT_CHECKSUM', () => dataset.getBatch([0]))).path).toBe(path);
  });
});

describe('a shard that was cut', () => {
  test.each([10, 4096, 50_000])('to %i bytes before it is opened', async (length) => {
    const directory = await write();
    const path = shardPaths(directory)[0]!;
    truncateSync(path, length);
    await using dataset = await Dataset.open(directory);
    expect((await failure('ZC_FORMAT_TRUNCATED', () => dataset.get(0))).path).toBe(path);
    expect((await failure('ZC_FORMAT_TRUNCATED', () => dataset.getBatch([0]))).path).toBe(path);
    await failure('ZC_FORMAT_TRUNCATED', () => Dataset.open(path));
  });

  test.each(backends)('while it is open, read with %s', async (backend) => {
    for (const mode of ['auto', 'direct', 'copied'] as const) {
      const directory = await write();
      const path = shardPaths(directory)[0]!;
      await using loader = await DataLoader.open<Everything>(directory, {
        ...{ batchSize: 12, backend, mode, fields: ['image'] },
      });
      await readAll(loader);
      const { region, rowBytes } = footerOf(path).layout.find(({ field }) => field.name === 'image')!;
      const lastRow = 3;
      truncateSync(path, region.offset + lastRow * rowBytes);
      const error = (await readAll(loader).catch((error) => error)) as ZcError;
      expect(['ZC_IO_SHORT_READ', 'ZC_IO_POISONED', 'ZC_FORMAT_CHECKSUM'], `${error}`).toContain(error.code);
      expect(error.path).toBe(path);
      // Which rows are gone, a map does not tell.
      if (error.code === 'ZC_IO_POISONED') continue;
      // Rows are found right by blocks of 4096 bytes: one that shares its block with a missing one is not found so.
      expect(error.details.row).toBeGreaterThanOrEqual(lastRow - 4096 / rowBytes);
      expect(error.details.field).toBe('image');
      expect(error.message).toContain(`row ${error.details.row} of field "image"`);
    }
  });

  test('while get has it open', async () => {
    const path = shardPaths(await write())[0]!;
    await using dataset = await Dataset.open<Everything>(path);
    const { image } = dataset.get(0);
    truncateSync(path, 0);
    await failure('ZC_IO_POISONED', () => dataset.get(dataset.length - 1));
    await failure('ZC_IO_POISONED', () => dataset.get(0));
    expect(image.data).toHaveLength(2048);
  });
});

test('a shard that disappears', async () => {
  const directory = await write();
  const path = shardPaths(directory)[2]!;
  await using loader = await DataLoader.open<Everything>(directory, { batchSize: 12 });
  renameSync(path, `${path}.away`);
  expect((await failure('ZC_IO_OPEN', () => readAll(loader))).path).toBe(path);
  const missing = loader.dataset.shards[2]!.firstSample;
  expect((await failure('ZC_IO_OPEN', () => loader.getSample(missing))).path).toBe(path);
  renameSync(`${path}.away`, path);
  await readAll(loader);
  // What is open stays readable when its name goes.
  renameSync(path, `${path}.away`);
  await readAll(loader);
});
