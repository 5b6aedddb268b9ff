import { describe, expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import { DataLoader, Dataset } from '../../src/index.js';
import { backends } from '../helpers/backends.js';
import { flipByte, footerOf } from '../helpers/damage.js';
import { coldCopy, shardPaths } from '../helpers/page-cache.js';
import { writeTokens } from '../helpers/tokens.js';

const DOCUMENTS = Array.from({ length: 60 }, (_, i) => (i * 131) % 2000);
const WINDOWS = { field: 'tokens', length: 512, stride: 512 };

async function readAll(loader: DataLoader): Promise<number> {
  let windows = 0;
  for await (const batch of loader) windows += batch.length;
  return windows;
}

describe.each(backends)('a changed token, read with %s', (backend) => {
  test.each(['auto', 'direct', 'copied'] as const)('in mode %s', async (mode) => {
    const { directory, ends } = await writeTokens(DOCUMENTS);
    const cold = coldCopy(directory);
    const path = shardPaths(cold)[1]!;
    const { region } = footerOf(path).layout[1]!;
    flipByte(path, region.offset + 5000);
    const options = { backend, mode, batchSize: 8, windows: WINDOWS };
    await using loader = await DataLoader.open(cold, options);
    const error = await failure('ZC_FORMAT_CHECKSUM', () => readAll(loader));
    expect(error).toMatchObject({ path, offset: region.offset + 4096, details: { field: 'tokens' } });
    // The document that the wrong block begins in, by its number in the shard.
    const [first] = loader.dataset.shards.filter((shard) => shard.path === path);
    const before = first!.firstSample === 0 ? 0 : ends[first!.firstSample - 1]!;
    const row = (error.details as { row: number }).row;
    expect(ends[first!.firstSample + row]! - before).toBeGreaterThan(2048);
    expect(row === 0 || ends[first!.firstSample + row - 1]! - before <= 2048).toBe(true);
    await using unchecked = await DataLoader.open(cold, { ...options, verify: 'never' });
    expect(await readAll(unchecked)).toBe(unchecked.source.length);
  });
});

test('a changed token, seen by get; windows that do not touch its block are whole', async () => {
  const { directory } = await writeTokens(DOCUMENTS);
  const path = shardPaths(directory)[0]!;
  const { region } = footerOf(path).layout[1]!;
  flipByte(path, region.offset + 5000);
  await using dataset = await Dataset.open(directory);
  const windows = await dataset.windows(WINDOWS);
  windows.get(0);
  for (const wrong of [4, 5, 6, 7]) await failure('ZC_FORMAT_CHECKSUM', () => windows.get(wrong));
  windows.get(8);
  await using unchecked = await Dataset.open(directory, { verify: 'never' });
  (await unchecked.windows(WINDOWS)).get(5);
});

test('a changed table of documents', async () => {
  const { directory } = await writeTokens(DOCUMENTS);
  const path = shardPaths(directory)[0]!;
  flipByte(path, footerOf(path).layout[1]!.ends!.offset + 8);
  await using dataset = await Dataset.open(directory);
  await failure('ZC_FORMAT_CHECKSUM', () => dataset.windows({ ...WINDOWS, crossDocuments: false }));
  // The stream needs no table, but for the documents in it.
  await using loader = new DataLoader(await dataset.windows(WINDOWS));
  expect(await readAll(loader as DataLoader)).toBe(loader.source.length);
  await using asking = new DataLoader(await dataset.windows({ ...WINDOWS, documents: 'ids' }));
  await failure('ZC_FORMAT_CHECKSUM', () => readAll(asking as DataLoader));
});
