import { defineSchema, field } from '@zc/format';
import { beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { DataLoader, Dataset, type Source } from '../src/index.js';
import { BlockOrder, type Run } from '../src/order/block-order.js';
import { BlockReadAhead } from '../src/reading/block-read-ahead.js';
import { bytesOf, everything, everythingSamples, writeDataset } from './helpers/datasets.js';
import { coldCopy } from './helpers/page-cache.js';
import { expectEverything } from './helpers/samples.js';
import { type Tokens, textOf, writeTokens } from './helpers/tokens.js';

const ROW_BYTES = 4096;
const COUNT = 600;
const schema = defineSchema({ row: field.tensor('uint8', [ROW_BYTES]) });
let directory: string;
beforeAll(async () => {
  const samples = Array.from({ length: COUNT }, (_, i) => ({ row: bytesOf(i, ROW_BYTES) }));
  directory = await writeDataset(schema, samples, { shardBytes: 150 * ROW_BYTES });
});

describe('of cold files that do not fit the page cache budget', () => {
  const shuffle = { blocks: 16 * ROW_BYTES, window: 64 };
  const pageCacheBudget = 200 * ROW_BYTES;

  test('every row is in the page cache when its batch is made', async () => {
    await using loader = await DataLoader.open<typeof schema>(coldCopy(directory), {
      ...{ batchSize: 10, shuffle, pageCacheBudget },
    });
    const ids: number[] = [];
    for await (const { row, indices } of loader) {
      indices.forEach((id, i) => {
        const bytes = Buffer.from(row.data.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES));
        expect(bytes.equals(bytesOf(id, ROW_BYTES)), `sample ${id}`).toBe(true);
      });
      ids.push(...indices);
    }
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    expect(loader.stats()).toMatchObject({ bytesDirect: 0, bytesResident: COUNT * ROW_BYTES });
  });

  test.each([
    ['where they are to be passed by', { mode: 'direct' as const, pageCacheBudget }],
    ['where the budget has no room for two windows', { pageCacheBudget: 100 * ROW_BYTES }],
  ])('pages stay as they are %s', async (_, options) => {
    await using loader = await DataLoader.open(coldCopy(directory), { batchSize: 10, shuffle, ...options });
    for await (const batch of loader) expect(batch.length).toBe(10);
    expect(loader.stats().bytesResident).toBe(0);
  });
});

test('of every kind of field, of parts too, from a state on', async () => {
  const set = await writeDataset(everything, everythingSamples(150));
  await using dataset = await Dataset.open<typeof everything>(coldCopy(set));
  const { train } = dataset.split({ train: 0.8, test: 0.2 });
  const options = { batchSize: 7, shuffle: { blocks: 20_000, window: 30 } };
  const names = everything.fields.map(({ name }) => name);
  await using first = new DataLoader(train, options);
  const seen: number[] = [];
  for await (const batch of first) if (seen.push(...batch.indices) > 40) break;
  await using second = new DataLoader(train, options);
  second.loadStateDict(first.stateDict());
  for await (const batch of second) {
    expectEverything(batch, names);
    seen.push(...batch.indices);
  }
  expect(new Set(seen).size).toBe(120);
  expect(seen).toHaveLength(120);
});

test('of windows over tokens, across shards', async () => {
  const { directory: tokens, flat } = await writeTokens(
    Array.from({ length: 90 }, (_, i) => (i * 131) % 900),
  );
  await using dataset = await Dataset.open(coldCopy(tokens), { pageCacheBudget: 30_000 });
  const windows = await dataset.windows({ field: 'tokens', length: 65, stride: 64 });
  const shuffle = { blocks: 2000, window: 60 };
  await using loader = new DataLoader(windows as Source, { batchSize: 8, shuffle });
  let seen = 0;
  for await (const batch of loader) {
    const { data } = batch.fields.tokens as { data: Tokens };
    batch.indices.forEach((id, k) => {
      const expected = flat.slice(id * 64, id * 64 + 65);
      expect(textOf(data.subarray(k * 65, k * 65 + 65)), `window ${id}`).toBe(textOf(expected));
    });
    seen += batch.length;
  }
  expect(seen).toBe(windows.length);
  expect(loader.stats()).toMatchObject({ bytesDirect: 0, bytesStaged: 0 });
});

describe('windows', () => {
  const windows = new BlockOrder(1000, { blockRows: 10, window: 100, seed: 1, epoch: 0 });

  test('are brought one ahead and no further', async () => {
    const brought: Run[] = [];
    const ahead = new BlockReadAhead({ windows, length: 1000, bring: async (run) => void brought.push(run) });
    const rows = () => brought.reduce((sum, { length }) => sum + length, 0);
    await ahead.reach(0, 9);
    expect(rows()).toBe(100);
    expect(ahead.reach(10, 19)).toBe(undefined);
    await ahead.reach(100, 109);
    expect(rows()).toBe(200);
    await ahead.reach(995, 1004);
    expect(rows()).toBe(1000);
    expect(ahead.reach(990, 999)).toBe(undefined);
  });

  test('of a job that goes on in the middle begin there; an error comes to who waits', async () => {
    const brought: Run[] = [];
    const ahead = new BlockReadAhead({ windows, length: 1000, bring: async (run) => void brought.push(run) });
    await ahead.reach(450, 470);
    expect(new Set(brought)).toEqual(new Set(windows.runsAt(400)));
    const broken = new BlockReadAhead({
      windows,
      length: 1000,
      bring: () => failure('ZC_CLOSED', () => {}) as never,
    });
    await expect(broken.reach(0, 9)).rejects.toThrow();
  });
});
