import { fileURLToPath } from 'node:url';
import { ShardReader } from '@zc/format';
import { fileSource } from '@zc/format/node';
import { expect, test } from 'vitest';
import { DataLoader, Dataset } from '../src/index.js';

const path = fileURLToPath(new URL('../../format/test/golden/zstd/zstd.zcs', import.meta.url));

test('a compressed row is decoded into memory of its own', async () => {
  const source = await fileSource(path);
  const shard = await ShardReader.open(source);
  await using dataset = await Dataset.open(path);
  for (let i = 0; i < dataset.length; i++) expect(dataset.get(i)).toEqual(await shard.get(i));
  await source.close();
});

test('batches take the fields that are not compressed, and refuse the others by name', async () => {
  await using dataset = await Dataset.open(path);
  await using labels = new DataLoader(dataset, { batchSize: 4, fields: ['label'] });
  for await (const batch of labels) {
    const { data } = (batch.fields as unknown as { label: { data: BigInt64Array } }).label;
    expect(data).toEqual(BigInt64Array.of(-2n, -1n, 0n, 1n));
  }
  expect(() => new DataLoader(dataset, { batchSize: 4 })).toThrow(
    expect.objectContaining({
      code: 'ZC_FORMAT_CODEC',
      details: expect.objectContaining({ field: 'image' }),
    }),
  );
});
