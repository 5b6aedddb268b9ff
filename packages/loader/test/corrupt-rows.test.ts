import { cpSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import {
  type Batch,
  DataLoader,
  type DataLoaderOptions,
  Dataset,
  type PaddedColumn,
  type SkippedSamples,
  type TensorColumn,
  toFloat,
} from '../src/index.js';
import { backends } from './helpers/backends.js';
import { flipByte, footerOf } from './helpers/damage.js';
import { everything, everythingAt, everythingSamples, writeDataset } from './helpers/datasets.js';
import { shardPaths } from './helpers/page-cache.js';
import { expectEverything } from './helpers/samples.js';

const COUNT = 60;
const names = everything.fields.map(({ name }) => name);
const written = writeDataset(everything, everythingSamples(COUNT));
type Everything = typeof everything;

function copyOf(directory: string): string {
  const copy = join(temporaryDirectory(), 'set');
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/** The samples that reading fails for one by one, found out by `get`. */
async function corruptSamples(directory: string): Promise<number[]> {
  await using dataset = await Dataset.open(directory);
  return Array.from({ length: COUNT }, (_, i) => i).filter((i) => {
    try {
      dataset.get(i);
      return false;
    } catch {
      return true;
    }
  });
}

/** One epoch that skips: every batch is checked, and what the loader reports. */
async function skipThrough(
  directory: string,
  options: DataLoaderOptions & { backend?: 'threads' | 'io_uring' },
) {
  const skipped: SkippedSamples[] = [];
  await using loader = await DataLoader.open<Everything>(directory, {
    ...{
      batchSize: 7,
      shuffle: true,
      onCorrupt: (report: SkippedSamples) => skipped.push(report),
      ...options,
    },
  });
  const ids: number[] = [];
  const lengths: number[] = [];
  for await (const batch of loader) {
    if (options.pad === undefined) expectEverything(batch, options.fields ?? names);
    ids.push(...batch.indices);
    lengths.push(batch.length);
  }
  const gone = skipped.flatMap(({ samples }) => samples).sort((a, b) => a - b);
  expect(loader.stats().skipped).toBe(gone.length);
  expect(lengths.length).toBe(loader.length);
  return { ids: ids.sort((a, b) => a - b), gone, skipped, lengths };
}

describe.each(backends)('%s', (backend) => {
  test.each(['auto', 'direct', 'copied'] as const)(
    'rows that are corrupt leave their batches, mode %s',
    async (mode) => {
      for (const [fieldNumber, { name }] of everything.fields.entries()) {
        const directory = copyOf(await written);
        const [, path] = shardPaths(directory) as [string, string];
        const { region } = footerOf(path).layout[fieldNumber]!;
        flipByte(path, region.offset + Math.floor(region.length / 2));
        const { ids, gone, skipped } = await skipThrough(directory, {
          mode,
          backend,
          fields: [name, 'label'],
        });
        expect(gone.length, name).toBeGreaterThan(0);
        expect(
          [...ids, ...gone].sort((a, b) => a - b),
          name,
        ).toEqual(Array.from({ length: COUNT }, (_, i) => i));
        for (const { error } of skipped) {
          expect(error).toMatchObject({ code: 'ZC_FORMAT_CHECKSUM', path, details: { field: name } });
          expect(error.expected).not.toBe(error.actual);
        }
        // Whoever reads the samples one by one finds the same ones.
        expect(gone).toEqual(await corruptSamples(directory));
      }
    },
  );

  test('tables, whole shards and cut ones', async () => {
    const boxes = (path: string) => footerOf(path).layout.find(({ field }) => field.name === 'boxes')!;
    const damages: ((path: string) => void)[] = [
      (path) => flipByte(path, boxes(path).ends!.offset + 5),
      (path) => flipByte(path, boxes(path).checksums.offset + 5),
      (path) => rmSync(path),
      (path) => truncateSync(path, 5000),
      (path) => flipByte(path, 3),
    ];
    for (const damage of damages) {
      const directory = copyOf(await written);
      const [, path] = shardPaths(directory) as [string, string];
      await using whole = await Dataset.open(await written);
      const { firstSample, samples } = whole.shards[1]!;
      damage(path);
      const { ids, gone, skipped } = await skipThrough(directory, { backend });
      expect(gone).toEqual(Array.from({ length: samples }, (_, i) => firstSample + i));
      expect(ids.length).toBe(COUNT - samples);
      // One report a fault and batch.
      expect(skipped.length).toBeLessThanOrEqual(Math.ceil(COUNT / 7));
      for (const report of skipped) expect(report.path).toBe(path);
    }
  });
});

test('padded and transformed fields close up too', async () => {
  const directory = copyOf(await written);
  const [first, second] = shardPaths(directory) as [string, string];
  for (const path of [first, second]) {
    const { region } = footerOf(path).layout[0]!;
    flipByte(path, region.offset + Math.floor(region.length / 3));
  }
  await using loader = await DataLoader.open<Everything>(directory, {
    ...{ batchSize: 9, shuffle: true, onCorrupt: 'skip', pad: { audio: { value: -1 } } },
    transforms: { image: [toFloat({ scale: false })], tokens: [toFloat({ scale: false })] },
  });
  for await (const batch of loader as AsyncIterable<Batch>) {
    const { image, audio, tokens, boxes } = batch.fields as Record<string, TensorColumn>;
    const padded = audio as PaddedColumn;
    batch.indices.forEach((id, row) => {
      const wanted = everythingAt(id);
      expect(Array.from(image!.data.subarray(row * 2048, (row + 1) * 2048), Number)).toEqual([
        ...(wanted.image as Uint8Array),
      ]);
      const [, length = 0] = padded.shape;
      const own = wanted.audio as Int16Array;
      expect(padded.lengths[row]).toBe(own.length);
      const rest = new Array(length - own.length).fill(-1);
      expect(Array.from(padded.data.subarray(row * length, (row + 1) * length), Number)).toEqual([
        ...own,
        ...rest,
      ]);
      const rowOf = (column: unknown) => [...(column as { row(i: number): Float32Array }).row(row)];
      expect(rowOf(tokens)).toEqual([...(wanted.tokens as Uint16Array)]);
      expect(rowOf(boxes)).toEqual([...(wanted.boxes as { data: Float32Array }).data]);
    });
  }
  expect(loader.stats().skipped).toBe(2);
});

test('every rank has as many batches, and a batch of which nothing is left is empty', async () => {
  const directory = copyOf(await written);
  for (const path of shardPaths(directory).slice(1)) rmSync(path);
  const counts: number[] = [];
  const empty: number[] = [];
  for (const rank of [0, 1]) {
    await using loader = await DataLoader.open<Everything>(directory, {
      ...{ batchSize: 3, onCorrupt: 'skip', rank, worldSize: 2 },
    });
    let batches = 0;
    for await (const batch of loader) {
      batches++;
      if (batch.length > 0) continue;
      empty.push(rank);
      expect(batch.image.shape[0]).toBe(0);
      expect([...batch.audio.offsets]).toEqual([0]);
    }
    counts.push(batches);
  }
  expect(counts[0]).toBe(counts[1]);
  expect(new Set(empty)).toEqual(new Set([0, 1]));
});

test('what is no corruption is thrown all the same', async () => {
  const directory = copyOf(await written);
  await using loader = await DataLoader.open<Everything>(directory, {
    ...{ batchSize: 8, onCorrupt: 'skip', pad: { audio: { length: 3 } } },
  });
  await failure('ZC_FORMAT_VALUE', async () => {
    for await (const batch of loader as AsyncIterable<Batch>) expect(batch.length).toBe(8);
  });
  await failure('ZC_ARGUMENT', () => DataLoader.open(directory, { onCorrupt: 'ignore' as 'skip' }));
});
