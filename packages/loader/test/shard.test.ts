import { defineSchema, field } from '@zc/format';
import { MappedFile } from '@zc/io';
import { expect, test } from 'vitest';
import { Dataset } from '../src/index.js';
import { partsOf } from '../src/sources/source.js';
import { bytesOf, writeDataset } from './helpers/datasets.js';
import { coldCopy } from './helpers/page-cache.js';

test('what the index cache holds need not be in the page cache for a shard to be resident', async () => {
  const schema = defineSchema({ image: field.tensor('uint8', [64, 64]), label: field.scalar('int64') });
  const samples = Array.from({ length: 100 }, (_, i) => ({ image: bytesOf(i, 4096), label: BigInt(i) }));
  const directory = coldCopy(await writeDataset(schema, samples, { shardBytes: 2 ** 20 }));
  const dataset = await Dataset.open(directory);
  const { store } = partsOf(dataset).rows;
  await store.open(0);
  const shard = store.opened(0)!;
  const both = [0, 1];
  expect(shard.isResident(both, 0)).toBe(false);

  const [image, label] = shard.columns.map(({ layout }) => layout.region) as [Region, Region];
  using file = new MappedFile(shard.path);
  file.advise(0, file.sizeBytes, 'random');
  await file.populate(image.offset, image.length);
  expect(file.residentBytes(label.offset, label.length)).toBe(0);
  expect(shard.isResident(both, 1)).toBe(false); // the answer of less than a second ago
  expect(shard.isResident(both, 1001)).toBe(true);
  await dataset.close();
});

interface Region {
  offset: number;
  length: number;
}
