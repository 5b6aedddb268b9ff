import { defineSchema, field } from '@zc/format';
import { nodeZstd } from '@zc/format/node';
import { zstdCompressor } from '@zc/io';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { datasetStats } from '../src/index.js';
import { datasetOf, lettersOf, range } from './helpers/dataset-of.js';

const zstd = nodeZstd() ?? zstdCompressor();
const by = { codec: 'zstd', codecLibrary: zstd.library, codecLevel: 3 } as const;
const schema = defineSchema({
  image: field.tensor('uint8', [null, 2]),
  float: field.tensor('float32', [2]),
  half: field.tensor('float16', [1]),
  big: field.scalar('int64'),
  flag: field.scalar('bool'),
  wave: field.tensor('complex64', [1]),
  text: field.text(by),
  json: field.json(),
  photo: field.bytes(),
});

const rows = [0, 1, 2, 3].map((i) => ({
  image: new Uint8Array(2 * i).fill(10 * i),
  float: Float32Array.of(i, Number.NaN),
  half: Uint16Array.of([0xbc00, 0x3c00, 0x0000, 0x7e00][i]!),
  big: 2n ** 62n + BigInt(i),
  flag: i === 0,
  wave: Float32Array.of(1, 2),
  text: 'ü'.repeat(500 * i),
  json: { i },
  photo: new Uint8Array(i),
}));

test('every kind of field', async () => {
  const { fields, ...whole } = await datasetStats({ input: await datasetOf(schema, rows, { zstd }) });
  expect(whole).toMatchObject({ samples: 4, shards: expect.any(Number) });
  const stats = Object.fromEntries(fields.map(({ name, field: _, storedBytes, ...rest }) => [name, rest]));
  expect(stats).toEqual({
    image: {
      count: 4,
      nans: 0,
      min: 10,
      max: 30,
      mean: (2 * 10 + 4 * 20 + 6 * 30) / 12,
      bytes: 12,
      shape: { min: [0, 2], max: [3, 2] },
    },
    float: { count: 4, nans: 4, min: 0, max: 3, mean: 1.5, bytes: 32, shape: { min: [2], max: [2] } },
    half: { count: 4, nans: 1, min: -1, max: 1, mean: 0, bytes: 8, shape: { min: [1], max: [1] } },
    big: { count: 4, nans: 0, min: 2n ** 62n, max: 2n ** 62n + 3n, mean: 2 ** 62, bytes: 32 },
    flag: { count: 4, nans: 0, min: 0, max: 1, mean: 0.25, bytes: 4 },
    wave: { count: 4, nans: 0, bytes: 32, shape: { min: [1], max: [1] } },
    text: { count: 4, nans: 0, min: 0, max: 3000, mean: 1500, bytes: 6000 },
    json: { count: 4, nans: 0, min: 7, max: 7, mean: 7, bytes: 28 },
    photo: { count: 4, nans: 0, min: 0, max: 3, mean: 1.5, bytes: 6 },
  });
  const stored = Object.fromEntries(fields.map(({ name, storedBytes }) => [name, storedBytes]));
  expect(stored).toMatchObject({ image: 12, json: 28, photo: 6 });
  expect(stored.text).toBeLessThan(600);
});

test('a mean of many does not drift', async () => {
  const wide = defineSchema({ x: field.scalar('float64') });
  const values = range(0, 10_000).map((i) => ({ x: i % 2 === 0 ? 1e16 : 1 }));
  const { fields } = await datasetStats({ input: await datasetOf(wide, values, { shardBytes: 2 ** 20 }) });
  expect(fields[0]!.mean).toBe((5000 * 1e16 + 5000) / 10_000);
});

test('only the fields that are asked for; no samples; no such field; a signal', async () => {
  const input = await lettersOf(range(0, 9));
  const { fields } = await datasetStats({ input, fields: ['label'] });
  expect(fields).toMatchObject([{ name: 'label', min: 0, max: 2, mean: 1 }]);
  const empty = await datasetStats({ input: await lettersOf([]) });
  expect(empty.fields[0]).toMatchObject({ count: 0, bytes: 0 });
  expect(empty.fields[0]).not.toHaveProperty('mean');
  await failure('ZC_ARGUMENT', () => datasetStats({ input, fields: ['nothing'] }));
  await failure('ZC_ABORTED', () => datasetStats({ input, signal: AbortSignal.abort() }));
});
