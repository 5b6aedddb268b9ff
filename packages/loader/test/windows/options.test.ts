import { defineSchema, field } from '@zc/format';
import { beforeAll, expect, expectTypeOf, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import { type Batch, DataLoader, Dataset } from '../../src/index.js';
import { writeDataset } from '../helpers/datasets.js';

const schema = defineSchema({
  tokens: field.tensor('uint16', [null]),
  documents: field.tensor('uint32', [null]),
  aligned: field.tensor('uint16', [null], { rowAlign: 8 }),
  summed: field.tensor('int32', [null]),
  floats: field.tensor('float32', [null]),
  grid: field.tensor('uint16', [null, null]),
  fixed: field.tensor('uint16', [8]),
  caption: field.text(),
});
let directory: string;
beforeAll(async () => {
  const sample = {
    ...{ tokens: [1, 2, 3], documents: [4], aligned: [5], summed: [6], floats: [7], fixed: Array(8).fill(8) },
    ...{ grid: { data: Uint16Array.of(9), shape: [1, 1] }, caption: 'ten' },
  };
  directory = await writeDataset(schema, [sample, sample]);
});

test.each([
  [{ field: 'tokens' }, 'windows need the option length'],
  [{ length: 8 }, 'windows need the option field'],
  [{ field: 'tokens', length: 0 }, 'length must be a whole number from 1 on'],
  [{ field: 'tokens', length: 8, stride: 1.5 }, 'stride must be a whole number from 1 on'],
  [{ field: 'tokens', length: 2 ** 30 }, 'more than 1073741824 bytes'],
  [{ field: 'tokens', length: 8, padding: 65_536 }, 'padding 65536 is no uint16'],
  [{ field: 'tokens', length: 8, padding: -1 }, 'padding -1 is no uint16'],
  [{ field: 'tokens', length: 8, documents: 'all' }, 'documents must be one of offsets, ids'],
  [{ field: 'tokens', length: 8, steps: 3 }, 'there is no option steps'],
  [{ field: 'token', length: 8 }, 'did you mean "tokens"?'],
  [{ field: 'floats', length: 8 }, 'field "floats" is no stream of tokens'],
  [{ field: 'grid', length: 8 }, 'field "grid" is no stream of tokens'],
  [{ field: 'fixed', length: 8 }, 'field "fixed" is no stream of tokens'],
  [{ field: 'caption', length: 8 }, 'field "caption" is no stream of tokens'],
  [{ field: 'aligned', length: 8 }, 'rowAlign 8: windows cannot be cut'],
  [{ field: 'documents', length: 8, documents: 'ids' }, 'named "documents" like one that is added'],
])('%j is refused', async (options, says) => {
  await using dataset = await Dataset.open(directory);
  const error = await failure('ZC_ARGUMENT', () => dataset.windows(options as never));
  expect(error.message).toContain(says);
});

test('windows end with their dataset, and are numbered', async () => {
  const dataset = await Dataset.open<typeof schema>(directory);
  const windows = await dataset.windows({ field: 'tokens', length: 2 });
  expect([...windows.get(2).tokens.data]).toEqual([2, 3]);
  for (const wrong of [-1, 3, 0.5]) await failure('ZC_INDEX_RANGE', () => windows.get(wrong));
  await dataset.close();
  await failure('ZC_CLOSED', () => windows.get(0));
  await failure('ZC_CLOSED', () => dataset.windows({ field: 'tokens', length: 2 }));
});

test('more tokens than there are give no window, one with padding', async () => {
  await using dataset = await Dataset.open(directory);
  expect((await dataset.windows({ field: 'tokens', length: 7 })).length).toBe(0);
  const padded = await dataset.windows({ field: 'tokens', length: 7, padding: 0 });
  expect(padded.length).toBe(1);
  await using loader = await DataLoader.open(directory, { windows: { field: 'tokens', length: 7 } });
  for await (const _ of loader) expect.unreachable();
});

test('windows of a dataset of no known schema are tensors', () => {
  const unknown = (dataset: Dataset) => dataset.windows({ field: 'tokens', length: 8 });
  type Unknown = Awaited<ReturnType<typeof unknown>>;
  expectTypeOf<ReturnType<Unknown['get']>['tokens']['shape']>().toEqualTypeOf<readonly number[]>();
  expectTypeOf<Batch<Unknown['schema']>['tokens']['shape']>().toEqualTypeOf<readonly number[]>();
});

test('the fields of windows are typed', () => {
  const plain = (dataset: Dataset<typeof schema>) => dataset.windows({ field: 'tokens', length: 8 });
  const withIds = (dataset: Dataset<typeof schema>) =>
    dataset.windows({ field: 'tokens', length: 8, documents: 'ids' });
  type Plain = Awaited<ReturnType<typeof plain>>;
  type WithIds = Awaited<ReturnType<typeof withIds>>;
  expectTypeOf<ReturnType<Plain['get']>['tokens']['data']>().toEqualTypeOf<Uint16Array>();
  expectTypeOf<ReturnType<WithIds['get']>['documents']['data']>().toEqualTypeOf<BigInt64Array>();
  expectTypeOf<ReturnType<WithIds['get']>['positions']['data']>().toEqualTypeOf<Int32Array>();
});
