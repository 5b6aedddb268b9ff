import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineSchema, field } from '@zc/format';
import { openDataset } from '@zc/format/node';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { openInput } from '../src/datasets/dataset-inputs.js';
import { shuffledRowsOf } from '../src/datasets/shuffled-rows.js';
import { diffDatasets, type ReshardOptions, reshardDataset } from '../src/index.js';
import { datasetOf, letter, letters, lettersOf, numbersIn, range } from './helpers/dataset-of.js';

async function reshard(input: string, options: Partial<ReshardOptions> = {}): Promise<string> {
  const output = join(temporaryDirectory(), 'out');
  await reshardDataset({ input, output, ...options });
  return output;
}

const manifestOf = (directory: string) => readFileSync(join(directory, 'dataset.json'), 'utf8');

test('other sizes: the bytes that a writer of that size makes', async () => {
  const input = await lettersOf(range(0, 40));
  for (const shardBytes of [90, 1000, 2 ** 20]) {
    const written = await datasetOf(letters, range(0, 40).map(letter), { shardBytes });
    expect(manifestOf(await reshard(input, { shardBytes }))).toBe(manifestOf(written));
  }
});

const everyKind = defineSchema({
  image: field.tensor('uint8', [64, 64]),
  floats: field.tensor('float32', [3]),
  tokens: field.tensor('int64', [null]),
  grid: field.tensor('float16', [null, 2, null]),
  label: field.scalar('bool'),
  photo: field.bytes({ mediaType: 'image/png' }),
  name: field.text({ rowAlign: 16 }),
  extra: field.json(),
});

const everySample = range(0, 9).map((i) => ({
  image: new Uint8Array(4096).fill(i),
  floats: new Float32Array(Uint32Array.of(0x7fc00001 + i, 0x80000000, i).buffer),
  tokens: BigInt64Array.from({ length: i }, (_, t) => BigInt(t) << 40n),
  grid: { data: new Uint16Array(i * 4).fill(0x7e01), shape: [i, 2, 2] },
  label: i % 2 === 0,
  photo: new Uint8Array(i * 100),
  name: `ü${i}`,
  extra: { i, list: [null, 'x'] },
}));

test('compressed and back again: the same values in between, the same bytes in the end', async () => {
  const input = await datasetOf(everyKind, everySample, { shardBytes: 10_000 });
  const small = await reshard(input, { codec: 'zstd', shardBytes: 10_000 });
  await using dataset = await openDataset(small);
  expect(dataset.schema.fields.every(({ codec }) => codec === 'zstd')).toBe(true);
  expect((await dataset.get(8)).extra).toEqual({ i: 8, list: [null, 'x'] });
  expect(await diffDatasets({ first: input, second: small })).toMatchObject({
    differing: 0,
    samples: { second: 9 },
  });
  const back = await reshard(small, { codec: 'none', rowAlign: { name: 16 }, shardBytes: 10_000 });
  expect(manifestOf(back)).toBe(manifestOf(input));
});

test('codec and alignment of the fields that are named', async () => {
  const input = await datasetOf(everyKind, everySample);
  const output = await reshard(input, { codec: { image: 'zstd' }, level: 9, rowAlign: { photo: 512 } });
  await using dataset = await openDataset(output);
  const found = dataset.schema.fields.map(({ name, codec, codecLevel, rowAlign }) => [
    name,
    codec,
    codecLevel,
    rowAlign,
  ]);
  expect(found).toEqual([
    ['image', 'zstd', 9, 1],
    ['floats', 'none', undefined, undefined],
    ['tokens', 'none', undefined, 8],
    ['grid', 'none', undefined, 2],
    ['label', 'none', undefined, undefined],
    ['photo', 'none', undefined, 512],
    ['name', 'none', undefined, 16],
    ['extra', 'none', undefined, 1],
  ]);
  const none = undefined;
  const aligned = await reshard(output, { rowAlign: 64 });
  await using again = await openDataset(aligned);
  expect(again.schema.fields.map(({ rowAlign }) => rowAlign)).toEqual([64, none, 64, 64, none, 64, 64, 64]);
});

test('shuffled: every sample once, by the seed alone', async () => {
  const input = await lettersOf(range(0, 200));
  const order = await numbersIn(await reshard(input, { shuffleSeed: 7 }));
  expect([...order].sort((a, b) => a - b)).toEqual(range(0, 200));
  // Neighbours are not neighbours any more.
  expect(order.filter((number, i) => Math.abs(number - order[i - 1]!) === 1).length).toBeLessThan(10);
  const other = await reshard(await reshard(input, { shardBytes: 90, codec: 'zstd' }), { shuffleSeed: 7 });
  expect(await numbersIn(other)).toEqual(order);
  expect(await numbersIn(await reshard(input, { shuffleSeed: 8 }))).not.toEqual(order);
});

test('the order does not depend on how much is sorted at once', async () => {
  const input = await lettersOf(range(0, 100));
  const orders = [];
  for (const [bucketBytes, bucketsOpenMax] of [
    [1e9, 1],
    [20_000, 100],
    [20_000, 2],
  ] as const) {
    await using dataset = await openInput(input);
    const lengths: string[] = [];
    const options = { seed: 3, workPath: temporaryDirectory(), bucketBytes, bucketsOpenMax };
    for await (const { rows } of shuffledRowsOf(dataset, options))
      lengths.push(Buffer.from(rows[3]!).toString());
    expect(readdirSync(options.workPath)).toEqual([]);
    orders.push(lengths);
  }
  expect(new Set(orders[0]).size).toBe(100);
  expect(orders[1]).toEqual(orders[0]);
  expect(orders[2]).toEqual(orders[0]);
});

test.each<[string, Partial<ReshardOptions>, 'ZC_ARGUMENT' | 'ZC_FORMAT_SCHEMA' | 'ZC_ABORTED']>([
  ['a field that is not there', { codec: { nothing: 'zstd' } }, 'ZC_ARGUMENT'],
  ['an alignment of no power of two', { rowAlign: 3 }, 'ZC_FORMAT_SCHEMA'],
  ['an alignment of fixed rows', { rowAlign: { image: 512 } }, 'ZC_FORMAT_SCHEMA'],
  ['a seed that is none', { shuffleSeed: -1 }, 'ZC_ARGUMENT'],
  ['a signal', { signal: AbortSignal.abort() }, 'ZC_ABORTED'],
])('%s ends it, and nothing appears', async (_, options, code) => {
  const output = join(temporaryDirectory(), 'out');
  const input = await lettersOf(range(0, 9));
  await failure(code, () => reshardDataset({ input, output, ...options }));
  expect(readdirSync(dirname(output))).toEqual([]);
});
