import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineSchema, field, type ZstdCompressor } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { zstdCompressor } from '@zc/io';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { DataLoader, Dataset, type SkippedSamples, toFloat } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { everythingAt, everythingSamples } from './helpers/datasets.js';
import { coldCopy } from './helpers/page-cache.js';
import { expectEverything } from './helpers/samples.js';

const golden = fileURLToPath(new URL('../../format/test/golden/zstd/zstd.zcs', import.meta.url));
const COUNT = 60;
const zstd = zstdCompressor();
const by = { codec: 'zstd', codecLibrary: zstd.library, codecLevel: 3 } as const;

/** The fields of `everything`, all but one compressed, with both units of checksums. */
const compressed = defineSchema({
  image: field.tensor('uint8', [16, 16, 8], by),
  label: field.scalar('int64'),
  weights: field.tensor('bfloat16', [3], { ...by, checksum: 'block' }),
  audio: field.tensor('int16', [null], by),
  boxes: field.tensor('float32', [null, null], by),
  tokens: field.tensor('uint16', [null], { ...by, checksum: 'block' }),
  caption: field.text(by),
  extra: field.json(by),
  photo: field.bytes({ mediaType: 'image/jpeg', ...by }),
});
const names = compressed.fields.map(({ name }) => name);
type Compressed = typeof compressed;

async function write(compressor: ZstdCompressor): Promise<string> {
  const directory = join(temporaryDirectory(), 'set');
  const options = { schema: compressed, shardBytes: 50_000, sha256: false, zstd: compressor };
  await using writer = await DatasetWriter.create(directory, options);
  for (const sample of everythingSamples(COUNT)) await writer.append(sample);
  await writer.finish();
  return directory;
}

const written = write(zstd);

describe.each(backends)('%s', (backend) => {
  test.each(['auto', 'direct', 'copied'] as const)('batches hold decoded rows, mode %s', async (mode) => {
    const directory = coldCopy(await written);
    await using loader = await DataLoader.open<Compressed>(directory, {
      ...{ backend, mode, batchSize: 7, shuffle: true, seed: 5 },
    });
    const orders: string[] = [];
    // Cold, then from the page cache.
    for (let epoch = 0; epoch < 2; epoch++) {
      const seen: number[] = [];
      for await (const batch of loader) {
        expectEverything(batch, names);
        seen.push(...batch.indices);
      }
      orders.push(seen.join());
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    }
    expect(orders[0]).not.toBe(orders[1]);
  });
});

test('batches of the golden shard are what `get` gives', async () => {
  await using dataset = await Dataset.open(golden);
  await using loader = new DataLoader(dataset, { batchSize: 3 });
  for await (const batch of loader) {
    const { image, mark, caption, photo, notes } = batch.fields as unknown as Record<
      string,
      { data: Uint8Array; at(i: number): unknown }
    >;
    batch.indices.forEach((id, row) => {
      const wanted = dataset.get(id) as unknown as Record<string, { data: Uint8Array }>;
      const size = wanted.image!.data.length;
      expect(image!.data.slice(row * size, (row + 1) * size)).toEqual(wanted.image!.data);
      expect(mark!.data[row]).toBe(Number(wanted.mark));
      const texts = [caption, notes].map((column) => column!.at(row));
      expect([...texts, Uint8Array.from(photo!.at(row) as Uint8Array)]).toEqual([
        ...[wanted.caption, wanted.notes],
        Uint8Array.from(wanted.photo as unknown as Uint8Array),
      ]);
    });
  }
});

test('decoded rows are padded and transformed like others', async () => {
  await using loader = await DataLoader.open<Compressed>(await written, {
    ...{ batchSize: 9, shuffle: true, fields: ['image', 'audio', 'tokens'] },
    pad: { audio: { value: -1, side: 'left' }, tokens: true },
    transforms: { image: [toFloat({ scale: false })] },
  });
  for await (const batch of loader) {
    const { image, audio, tokens } = batch.fields as unknown as Record<
      string,
      { data: Float32Array; shape: number[] }
    >;
    batch.indices.forEach((id, row) => {
      const wanted = everythingAt(id);
      const rowOf = ({ data, shape: [, length = 0] }: { data: Float32Array; shape: number[] }) =>
        Array.from(data.subarray(row * length, (row + 1) * length));
      const fill = (column: { shape: number[] }, own: ArrayLike<number>, value: number) =>
        new Array<number>(column.shape[1]! - own.length).fill(value);
      const [sound, words] = [wanted.audio as Int16Array, wanted.tokens as Uint16Array];
      expect(rowOf(audio!)).toEqual([...fill(audio!, sound, -1), ...sound]);
      expect(rowOf(tokens!)).toEqual([...words, ...fill(tokens!, words, 0)]);
      expect(Array.from(image!.data.subarray(row * 2048, (row + 1) * 2048))).toEqual([
        ...(wanted.image as Uint8Array),
      ]);
    });
  }
});

describe('a frame that does not decode to what it claims', () => {
  const bad = [21, 22, 43];
  const captions = bad.map((id) => everythingAt(id).caption as string);

  /** Says the right size, and then has one raw block with a byte less. */
  function compress(bytes: Uint8Array, level: number): Uint8Array {
    const isBad = bytes.length > 0 && captions.includes(Buffer.from(bytes).toString());
    if (!isBad) return zstd.compress(bytes, level);
    const short = bytes.subarray(1);
    const header = [0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length, (short.length << 3) | 1, 0, 0];
    return Uint8Array.of(...header, ...short);
  }
  const damaged = write({ library: zstd.library, compress });

  test('is named as `get` names it', async () => {
    await using dataset = await Dataset.open<Compressed>(await damaged);
    const wanted = await failure('ZC_FORMAT_VALUE', () => dataset.get(21));
    await using loader = new DataLoader(dataset, { batchSize: 60 });
    const found = await failure('ZC_FORMAT_VALUE', async () => {
      for await (const batch of loader) batch.release();
    });
    expect(found).toMatchObject({ code: 'ZC_FORMAT_VALUE', details: { field: 'caption' } });
    expect(found.message).toBe(wanted.message);
    expect([found.path, found.offset]).toEqual([wanted.path, wanted.offset]);
  });

  test('leaves its batch where that is asked for', async () => {
    const skipped: SkippedSamples[] = [];
    await using loader = await DataLoader.open<Compressed>(await damaged, {
      ...{ batchSize: 8, shuffle: true, onCorrupt: (report: SkippedSamples) => skipped.push(report) },
    });
    let samples = 0;
    for await (const batch of loader) {
      expectEverything(batch, names);
      samples += batch.length;
    }
    expect(samples).toBe(COUNT - bad.length);
    expect(skipped.flatMap((report) => report.samples).sort((a, b) => a - b)).toEqual(bad);
    expect(skipped[0]!.error.code).toBe('ZC_FORMAT_VALUE');
  });
});
