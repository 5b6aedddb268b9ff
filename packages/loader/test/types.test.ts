import { defineSchema, field, type Tensor } from '@zc/format';
import { expectTypeOf, test } from 'vitest';
import {
  type Batch,
  channelsFirst,
  DataLoader,
  type Dataset,
  normalize,
  type PackedColumn,
  type PaddedColumn,
  type TensorColumn,
  type ValuesColumn,
} from '../src/index.js';

const schema = defineSchema({
  image: field.tensor('uint8', [224, 224, 3]),
  label: field.scalar('int64'),
  audio: field.tensor('int16', [null]),
  caption: field.text(),
  photo: field.bytes(),
  length: field.scalar('float32'),
});

test('a batch has the types of its schema', () => {
  type Known = Batch<typeof schema>;
  expectTypeOf<Known['image']>().toEqualTypeOf<TensorColumn<'uint8'>>();
  expectTypeOf<Known['image']['data']>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<Known['label']['data']>().toEqualTypeOf<BigInt64Array>();
  expectTypeOf<Known['audio']>().toEqualTypeOf<PackedColumn<'int16'>>();
  expectTypeOf<Known['caption']>().toEqualTypeOf<ValuesColumn<string>>();
  expectTypeOf<Known['photo']>().toEqualTypeOf<ValuesColumn<Uint8Array>>();
});

test('a field that is named like a member of the batch is found in `fields`', () => {
  type Known = Batch<typeof schema>;
  expectTypeOf<Known['length']>().toEqualTypeOf<number>();
  expectTypeOf<Known['fields']['length']>().toEqualTypeOf<TensorColumn<'float32'>>();
});

test('a sample and an iteration have them too', () => {
  type Row = ReturnType<Dataset<typeof schema>['get']>;
  expectTypeOf<Row['image']>().toEqualTypeOf<Tensor<'uint8'>>();
  expectTypeOf<Row['label']>().toEqualTypeOf<bigint>();
  expectTypeOf<DataLoader<typeof schema>>().toExtend<AsyncIterable<Batch<typeof schema>>>();
});

test('padding, transforms and a collate function show in the types of an iteration', () => {
  type Given<L> = L extends AsyncIterable<infer T> ? T : never;
  const open = (dataset: Dataset<typeof schema>) =>
    new DataLoader(dataset, {
      pad: { audio: { multipleOf: 8 } },
      transforms: { image: [normalize({ mean: 0.5, std: 0.5 }), channelsFirst()], length: [channelsFirst()] },
    });
  type Known = Given<ReturnType<typeof open>>;
  expectTypeOf<Known['image']>().toEqualTypeOf<TensorColumn<'float32'>>();
  expectTypeOf<Known['audio']>().toEqualTypeOf<PaddedColumn<'int16'>>();
  expectTypeOf<Known['fields']['length']>().toEqualTypeOf<TensorColumn<'float32'>>();
  expectTypeOf<Known['label']>().toEqualTypeOf<TensorColumn<'int64'>>();

  const collated = (dataset: Dataset<typeof schema>) =>
    new DataLoader(dataset, { collate: async (batch: Batch<typeof schema>) => [batch.image.data.length] });
  expectTypeOf<Given<ReturnType<typeof collated>>>().toEqualTypeOf<number[]>();
});
