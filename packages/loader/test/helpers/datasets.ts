import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { defineSchema, field, type SampleInput, type Schema } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { crc32c } from '@zc/io';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';

/** Writes samples as a dataset of its own directory, and gives the directory. */
export async function writeDataset<S extends Schema>(
  schema: S,
  samples: Iterable<SampleInput<S>>,
  { shardBytes = 100_000 }: { shardBytes?: number } = {},
): Promise<string> {
  const directory = join(temporaryDirectory(), 'set');
  const digests = { crc32c, sha256: () => createHash('sha256') };
  await using writer = await DatasetWriter.create(directory, { schema, shardBytes, digests, sha256: false });
  for (const sample of samples) await writer.append(sample);
  await writer.finish();
  return directory;
}

/** Every kind of field, some rows empty, with both units of checksums. */
export const everything = defineSchema({
  image: field.tensor('uint8', [16, 16, 8]),
  label: field.scalar('int64'),
  weights: field.tensor('bfloat16', [3]),
  audio: field.tensor('int16', [null]),
  boxes: field.tensor('float32', [null, null]),
  tokens: field.tensor('uint16', [null]),
  caption: field.text(),
  extra: field.json(),
  photo: field.bytes({ mediaType: 'image/jpeg' }),
});

/** Sample `i`: all values follow from the number, so that a mix-up shows. */
export function everythingAt(i: number): SampleInput<typeof everything> {
  return {
    image: bytesOf(i, 2048),
    label: BigInt(i) * 10_000_000_019n,
    weights: Uint16Array.from([i % 65_536, 0x3f80, 0x4000]),
    audio: Int16Array.from({ length: (i * 37) % 900 }, (_, k) => (i * 31 + k) % 32_768),
    boxes: boxesOf(i),
    tokens: Uint16Array.from({ length: (i * 13) % 300 }, (_, k) => (i + 7 * k) % 65_536),
    caption: i % 5 === 0 ? '' : `sample ${i} – größer`,
    extra: { i, list: [i % 3, null, 'x'] },
    photo: bytesOf(i + 1, (i * 17) % 2000),
  };
}

/** Both dimensions are ragged. */
export function boxesOf(i: number): { data: Float32Array<ArrayBuffer>; shape: number[] } {
  const [rows, columns] = [i % 4, 5 + (i % 2)];
  return { data: Float32Array.from({ length: rows * columns }, (_, k) => i + k / 8), shape: [rows, columns] };
}

export function everythingSamples(count: number): SampleInput<typeof everything>[] {
  return Array.from({ length: count }, (_, i) => everythingAt(i));
}

/** Bytes that follow from a seed. */
export function bytesOf(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = Math.imul(seed + 1, 0x9e3779b1);
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
