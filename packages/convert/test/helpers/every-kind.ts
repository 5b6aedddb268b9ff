import { join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';

/** A dataset with a field of each kind, dtype and number of ragged dimensions; `rows` samples. */
export async function everyKind(rows: number): Promise<{ path: string; samples: Record<string, unknown>[] }> {
  const path = join(temporaryDirectory(), 'every-kind');
  await using writer = await DatasetWriter.create(path, { schema });
  const samples = Array.from({ length: rows }, (_, row) => sampleOf(row));
  for (const sample of samples) await writer.append(sample as never);
  await writer.finish();
  return { path, samples };
}

export const schema = defineSchema(
  {
    image: field.bytes({ mediaType: 'image/jpeg' }),
    pixels: field.tensor('uint8', [2, 3]),
    audio: field.tensor('int16', [null]),
    boxes: field.tensor('float32', [null, 4]),
    grid: field.tensor('int32', [null, null]),
    mask: field.tensor('bool', [3]),
    half: field.tensor('float16', [2]),
    brain: field.tensor('bfloat16', [2]),
    wave: field.tensor('complex64', [2]),
    big: field.tensor('uint64', [1]),
    blob: field.bytes(),
    text: field.text(),
    extra: field.json(),
    label: field.scalar('int64'),
    small: field.scalar('int8'),
    wide: field.scalar('uint32'),
    flag: field.scalar('bool'),
    ratio: field.scalar('float32'),
    exact: field.scalar('float64'),
    turn: field.scalar('complex64'),
    dim: field.scalar('float16'),
  },
  { metadata: { classes: JSON.stringify(['cat', 'dog', 'Kuh']) } },
);

function sampleOf(row: number): Record<string, unknown> {
  const length = row % 4;
  const tensor = (dtype: string, shape: number[], data: unknown) => ({ dtype, shape, data });
  return {
    image: Uint8Array.of(0xff, 0xd8, 0xff, row & 0xff),
    pixels: tensor(
      'uint8',
      [2, 3],
      Uint8Array.from({ length: 6 }, (_, i) => row + i),
    ),
    audio: tensor(
      'int16',
      [length],
      Int16Array.from({ length }, (_, i) => -row - i),
    ),
    boxes: tensor(
      'float32',
      [length, 4],
      Float32Array.from({ length: 4 * length }, (_, i) => row / 7 + i),
    ),
    grid: tensor(
      'int32',
      [length, 2 * length],
      Int32Array.from({ length: 2 * length * length }, (_, i) => i - row),
    ),
    mask: tensor('bool', [3], Uint8Array.of(row & 1, 1, 0)),
    half: tensor('float16', [2], Uint16Array.of(0x3c00 + row, 0x8000)),
    brain: tensor('bfloat16', [2], Uint16Array.of(0x3f80 + row, 0xff80)),
    wave: tensor('complex64', [2], Float32Array.of(row, -1, 0.5, 1e30)),
    big: tensor('uint64', [1], BigUint64Array.of(2n ** 64n - 1n - BigInt(row))),
    blob: new Uint8Array(row % 5).fill(row),
    text: `Zeile ${row} — “ü”`,
    extra: { row, list: [1, 'two', null, { deep: true }] },
    label: BigInt(row % 3),
    small: 7 - (row % 100),
    wide: 2 ** 32 - 1 - row,
    flag: row % 2 === 0,
    ratio: Math.fround(row / 3),
    exact: row / 3,
    turn: [row, -0.25],
    dim: 1 + row / 1024,
  };
}
