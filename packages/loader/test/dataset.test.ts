import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { MappedFile } from '@zc/io';
import { beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { Dataset } from '../src/index.js';
import { everything, everythingAt, everythingSamples, writeDataset } from './helpers/datasets.js';
import { coldCopy, shardPaths } from './helpers/page-cache.js';
import { expectEverything } from './helpers/samples.js';

const COUNT = 120;
let directory: string;
beforeAll(async () => {
  directory = await writeDataset(everything, everythingSamples(COUNT));
});
const names = everything.fields.map(({ name }) => name);

describe('open', () => {
  test('a directory, a shard and a list give the same samples under the same numbers', async () => {
    const paths = shardPaths(directory);
    await using whole = await Dataset.open(directory);
    await using list = await Dataset.open(paths);
    await using first = await Dataset.open(paths[0]!);
    expect(paths.length).toBeGreaterThan(2);
    expect(list.length).toBe(COUNT);
    expect(list.digest).toBe(whole.digest);
    expect(list.schema).toEqual(whole.schema);
    expect(first.length).toBe(whole.shards[0]!.samples);
    expect(first.digest).not.toBe(whole.digest);
    expect(list.get(COUNT - 1)).toEqual(whole.get(COUNT - 1));
    expect(whole.shards[1]).toMatchObject({ firstSample: first.length, path: paths[1] });
  });

  test('any file name opens', async () => {
    const path = join(temporaryDirectory(), 'shard1.bin');
    copyFileSync(shardPaths(directory)[0]!, path);
    await using dataset = await Dataset.open<typeof everything>([path]);
    expect(dataset.get(0).caption).toBe(everythingAt(0).caption);
  });

  test.each([
    ['dataset.json', 'ZC_FORMAT_MANIFEST'],
    ['a.zcs', 'ZC_IO_OPEN'],
  ] as const)('a pipe in the place of %s is refused without waiting for a writer', async (name, code) => {
    const directory = temporaryDirectory();
    const path = join(directory, name);
    execFileSync('mkfifo', [path]);
    const opened = name === 'a.zcs' ? path : directory;
    expect((await failure(code, () => Dataset.open(opened))).path).toBe(path);
  });

  test('of a directory reads the manifest alone', async () => {
    const directory = await writeDataset(everything, everythingSamples(COUNT));
    const [first, second] = shardPaths(directory);
    copyFileSync(first!, second!);
    await using dataset = await Dataset.open(directory);
    expect(dataset.get(0)).toBeDefined();
    const error = await failure('ZC_FORMAT_MANIFEST', () => dataset.get(dataset.shards[1]!.firstSample));
    expect(error.path).toBe(second);
  });

  test('what is not there, or fits nothing', async () => {
    await failure('ZC_IO_OPEN', () => Dataset.open(join(directory, 'missing')));
    await failure('ZC_IO_OPEN', () => Dataset.open(temporaryDirectory()));
    await failure('ZC_ARGUMENT', () => Dataset.open([]));
    await failure('ZC_FORMAT_TRUNCATED', () => Dataset.open(join(directory, 'dataset.json')));
    const { fields } = everything;
    const other = await writeDataset({ ...everything, fields, metadata: { other: 'yes' } }, [
      everythingAt(0),
    ]);
    await failure('ZC_FORMAT_SCHEMA', () => Dataset.open([...shardPaths(directory), ...shardPaths(other)]));
  });
});

describe('get', () => {
  test('gives the same again once a row was found right, whatever is verified', async () => {
    const samples = await Promise.all(
      (['auto', 'always', 'never'] as const).map(async (verify) => {
        await using dataset = await Dataset.open<typeof everything>(directory, { verify });
        return [1, 2].map(() => Array.from({ length: 12 }, (_, i) => dataset.get(i * 10)));
      }),
    );
    const [first, ...others] = samples.flat();
    for (const other of others) expect(other).toEqual(first);
  });

  test('gives every sample as it was written', async () => {
    await using dataset = await Dataset.open<typeof everything>(directory);
    for (let i = 0; i < COUNT; i++) {
      const { image, label, weights, audio, boxes, tokens, caption, extra, photo } = dataset.get(i);
      const wanted = everythingAt(i);
      expect(Buffer.compare(image.data, wanted.image as Uint8Array)).toBe(0);
      expect(image).toMatchObject({ shape: [16, 16, 8], dtype: 'uint8' });
      expect({ label, caption, extra }).toEqual({
        label: wanted.label,
        caption: wanted.caption,
        extra: wanted.extra,
      });
      expect(weights.data).toEqual(wanted.weights);
      expect(audio.data).toEqual(wanted.audio);
      expect(boxes).toMatchObject(wanted.boxes);
      expect(tokens.data).toEqual(wanted.tokens);
      expect(Buffer.compare(photo, wanted.photo)).toBe(0);
    }
  });

  test('gives views of the mapped file, not copies', async () => {
    await using dataset = await Dataset.open<typeof everything>(directory);
    const { image } = dataset.get(1);
    expect(image.data.byteLength).toBeLessThan(image.data.buffer.byteLength);
    // The map is private: what is written there shows in the next view and never in the file.
    image.data[0]! ^= 255;
    const changed = image.data[0];
    expect(dataset.get(1).image.data[0]).toBe(changed);
    await using fresh = await Dataset.open<typeof everything>(dataset.shards[0]!.path);
    expect(fresh.get(1).image.data[0]).not.toBe(changed);
  });

  test('keeps views valid when the dataset is closed', async () => {
    const dataset = await Dataset.open<typeof everything>(directory);
    const { image } = dataset.get(5);
    await dataset.close();
    expect(Buffer.compare(image.data, everythingAt(5).image as Uint8Array)).toBe(0);
    await failure('ZC_CLOSED', () => dataset.get(5));
    await failure('ZC_CLOSED', () => dataset.getBatch([5]));
  });

  test.each([-1, COUNT, 0.5, Number.NaN, 2 ** 53])('refuses sample %d', async (index) => {
    await using dataset = await Dataset.open(directory);
    await failure('ZC_INDEX_RANGE', () => dataset.get(index));
    await failure('ZC_INDEX_RANGE', () => dataset.getBatch([0, index]));
  });
});

describe('getBatch', () => {
  test('gives samples in the order of their ids, however far apart or repeated', async () => {
    await using dataset = await Dataset.open<typeof everything>(directory);
    for (const ids of [
      [3, COUNT - 1, 4, 3, 100],
      [7],
      Array.from({ length: COUNT }, (_, i) => COUNT - 1 - i),
    ]) {
      using batch = await dataset.getBatch(ids);
      expect([...batch.indices]).toEqual(ids);
      expectEverything(batch, names);
    }
  });

  test('of some fields, and of no samples', async () => {
    await using dataset = await Dataset.open<typeof everything>(directory);
    using some = await dataset.getBatch([4, 2], { fields: ['caption', 'label'] });
    expect(Object.keys(some.fields)).toEqual(['label', 'caption']);
    expectEverything(some, ['label', 'caption']);
    using none = await dataset.getBatch([]);
    expect(none.length).toBe(0);
    expect(none.image.shape).toEqual([0, 16, 16, 8]);
    expect(none.caption.toArray()).toEqual([]);
    await failure('ZC_ARGUMENT', () => dataset.getBatch([1], { fields: ['lable'] }));
  });

  test('many at once', async () => {
    await using dataset = await Dataset.open<typeof everything>(directory);
    const batches = await Promise.all(
      Array.from({ length: 20 }, (_, i) => dataset.getBatch([i, COUNT - 1 - i])),
    );
    for (const batch of batches) {
      expectEverything(batch, names);
      batch.release();
    }
  });
});

describe('prefetchNext', () => {
  test('brings the next shards into the page cache, and only these', async () => {
    const cold = coldCopy(directory);
    const paths = shardPaths(cold);
    const resident = () =>
      paths.map((path) => {
        using file = new MappedFile(path);
        return file.residentBytes(0, file.sizeBytes) / file.sizeBytes;
      });
    await using dataset = await Dataset.open(cold);
    expect(resident().every((share) => share === 0)).toBe(true);
    await dataset.getBatch([0]).then((batch) => batch.release());
    dataset.prefetchNext(2);
    const { bytes, failures } = await dataset.waitPrefetch();
    expect(failures).toEqual([]);
    expect(bytes).toBe(dataset.shards[1]!.bytes + dataset.shards[2]!.bytes);
    expect(resident().slice(1, 4)).toEqual([1, 1, 0]);
  });

  test('reports what could not be read, and asks for nothing behind the last shard', async () => {
    const directory = await writeDataset(everything, everythingSamples(COUNT));
    await using dataset = await Dataset.open(shardPaths(directory).slice(0, 2));
    const { shards } = dataset;
    const moved = `${shards[1]!.path}.moved`;
    renameSync(shards[1]!.path, moved);
    dataset.get(0);
    dataset.prefetchNext(5);
    const { bytes, failures } = await dataset.waitPrefetch();
    expect(bytes).toBe(0);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ code: 'ZC_IO_OPEN', path: shards[1]!.path });
    expect(await dataset.waitPrefetch()).toEqual({ bytes: 0, failures: [] });
  });
});
