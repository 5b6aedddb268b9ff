import { describe, expect, test } from 'vitest';
import { DataLoader, Dataset, type Source } from '../../src/index.js';
import { backends } from '../helpers/backends.js';
import { coldCopy } from '../helpers/page-cache.js';
import { type TokenDtype, type Tokens, textOf, writeTokens } from '../helpers/tokens.js';

/** Some empty; none longer than a shard. */
const DOCUMENTS = Array.from({ length: 120 }, (_, i) => (i % 7 === 0 ? 0 : (i * 131) % 900));

/** With an overlap of one, side by side, overlapping more, with gaps, and longer than a shard. */
const CUTS = [
  { length: 129, stride: 128 },
  { length: 64, stride: 64 },
  { length: 100, stride: 30 },
  { length: 50, stride: 333 },
  { length: 20_000, stride: 7000 },
];

/** Every window of an epoch as a text, by its number. */
async function readAll(loader: DataLoader, length: number): Promise<Map<number, string>> {
  const windows = new Map<number, string>();
  for await (const batch of loader) {
    const { shape, data } = batch.fields.tokens as { shape: readonly number[]; data: Tokens };
    expect(shape).toEqual([batch.length, length]);
    batch.indices.forEach((id, k) => {
      windows.set(id, textOf(data.subarray(k * length, (k + 1) * length)));
    });
  }
  return windows;
}

function slicesOf(flat: Tokens, { length, stride }: { length: number; stride: number }): string[] {
  const count = Math.floor((flat.length - length) / stride) + 1;
  return Array.from({ length: count }, (_, i) => textOf(flat.slice(i * stride, i * stride + length)));
}

describe.each(backends)('windows are slices of the flat tokens, with %s', (backend) => {
  test.each<TokenDtype>(['uint8', 'uint16', 'uint32', 'int32', 'int64'])('of %s', async (dtype) => {
    const { directory, flat } = await writeTokens(DOCUMENTS, {
      dtype,
      shardBytes: 20_000 * (flatBytes[dtype] / 2),
    });
    await using dataset = await Dataset.open(directory, { backend });
    expect(dataset.shards.length).toBeGreaterThan(3);
    for (const cut of CUTS) {
      const windows = await dataset.windows({ field: 'tokens', ...cut });
      const slices = slicesOf(flat, cut);
      expect([windows.length, windows.tokens]).toEqual([slices.length, flat.length]);
      await using loader = new DataLoader(windows as Source, { batchSize: 16, shuffle: true });
      const read = await readAll(loader, cut.length);
      expect(read.size).toBe(slices.length);
      slices.forEach((slice, i) => {
        expect(read.get(i), `window ${i} in a batch`).toBe(slice);
        expect(textOf((windows.get(i).tokens as { data: Tokens }).data), `window ${i}`).toBe(slice);
      });
    }
  });

  test.each(['auto', 'direct', 'copied'] as const)('from cold files, mode %s', async (mode) => {
    const { directory, flat } = await writeTokens(DOCUMENTS);
    const cut = CUTS[0]!;
    const slices = slicesOf(flat, cut);
    for (const shuffle of [false, true]) {
      await using loader = await DataLoader.open(coldCopy(directory), {
        ...{ backend, mode, shuffle, batchSize: 32, windows: { field: 'tokens', ...cut } },
      });
      const read = await readAll(loader, cut.length);
      slices.forEach((slice, i) => {
        expect(read.get(i), `window ${i}`).toBe(slice);
      });
    }
  });
});

const flatBytes = { uint8: 1, uint16: 2, uint32: 4, int32: 4, int64: 8 };

test('a window within a shard is a view of its map, one across a border is not', async () => {
  const { directory, flat } = await writeTokens([4000, 4000, 4000], { shardBytes: 1000 });
  await using dataset = await Dataset.open(directory);
  expect(dataset.shards.length).toBe(3);
  const windows = await dataset.windows({ field: 'tokens', length: 3000, stride: 3000 });
  const tokensOf = (i: number) => windows.get(i).tokens as { data: Uint16Array };
  expect(windows.length).toBe(4);
  const [first, second] = [tokensOf(0).data, tokensOf(1).data];
  first[0]! ^= 1;
  second[0]! ^= 1;
  expect(tokensOf(0).data[0]).toBe(first[0]);
  expect(tokensOf(1).data[0]).toBe(flat[3000]);
});
