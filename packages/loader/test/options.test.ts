import { join, relative } from 'node:path';
import { isZcError } from '@zc/errors';
import { beforeAll, expect, test } from 'vitest';
import { DataLoader, Dataset } from '../src/index.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';

let directory: string;
beforeAll(async () => {
  directory = await writeDataset(everything, everythingSamples(4));
});

async function refusal(call: () => unknown): Promise<string> {
  const error = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error) => error,
    );
  expect(isZcError(error, 'ZC_ARGUMENT'), `${error}`).toBe(true);
  return error.summary;
}

test.each([
  [{ batch_size: 3 }, 'there is no option batch_size; did you mean batchSize?'],
  [{ shuffel: true }, 'there is no option shuffel; did you mean shuffle?'],
  [{ numWorkers: 4 }, 'there is no option numWorkers; did you mean workers?'],
  [
    { shuffle: 'yes' },
    "shuffle must be true, false, 'full', or { blocks: bytes, window: samples }, not 'yes'",
  ],
  [
    { shuffle: { block: 3 } },
    "shuffle must be true, false, 'full', or { blocks: bytes, window: samples }, not { block: 3 }",
  ],
  [{ dropLast: null }, 'dropLast must be true or false, not null'],
  [{ batchSize: '3' }, "batchSize must be a whole number from 1 on, not '3'"],
  [{ fields: 'label' }, "fields must be a list of names, not 'label'"],
  [{ mode: 'turbo' }, "mode must be one of auto, direct, copied, mapped, not 'turbo'"],
  [{ signal: 5 }, 'signal must be an AbortSignal, not 5'],
])('a loader refuses %j', async (options, says) => {
  await using dataset = await Dataset.open(directory);
  expect(await refusal(() => new DataLoader(dataset, options as object))).toBe(says);
  expect(await refusal(() => DataLoader.open(directory, options as object))).toBe(says);
});

test.each([
  [{ indexCacheByte: 3 }, 'there is no option indexCacheByte; did you mean indexCacheBytes?'],
  [{ backend: 'uring' }, "backend must be one of auto, io_uring, threads, not 'uring'"],
  [{ readDepth: 0 }, 'readDepth must be a whole number from 1 on, not 0'],
  [null, 'options must be an object, not null'],
])('a dataset refuses %j', async (options, says) => {
  expect(await refusal(() => Dataset.open(directory, options as object))).toBe(says);
});

test('a loader that opens its dataset takes the options of both', async () => {
  const ofDataset = { indexCacheBytes: 0, pageCacheBudget: 0, verify: 'always', backend: 'threads' } as const;
  const ofReads = { readDepth: 8, extentBytes: 8192, bridgedBytes: 0 };
  await using loader = await DataLoader.open(directory, { ...ofDataset, ...ofReads, batchSize: 3 });
  const lengths: number[] = [];
  for await (const { length } of loader) lengths.push(length);
  expect(lengths).toEqual([3, 1]);
});

test.each([
  [undefined, 'a dataset is a path or a list of at least one shard'],
  [[], 'a dataset is a path or a list of at least one shard'],
  [[7], '"7" is no local path'],
  ['s3://bucket/train', '"s3://bucket/train" is no local path'],
])('%j is not opened', async (path, says) => {
  expect(await refusal(() => Dataset.open(path as string))).toBe(says);
});

test('a relative path is kept as an absolute one, for the working directory may change', async () => {
  await using dataset = await Dataset.open(relative(process.cwd(), directory));
  for (const { name, path } of dataset.shards) expect(path).toBe(join(directory, name));
  await using shard = await Dataset.open([relative(process.cwd(), dataset.shards[0]!.path)]);
  expect(shard.shards[0]!.path).toBe(dataset.shards[0]!.path);
});

test('a loader of anything but a dataset is refused', async () => {
  expect(await refusal(() => new DataLoader(directory as never))).toContain('a loader reads a Dataset');
});
