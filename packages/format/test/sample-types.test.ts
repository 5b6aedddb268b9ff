import { expectTypeOf, test } from 'vitest';
import {
  blobSource,
  defineSchema,
  field,
  type Sample,
  type SampleInput,
  type Schema,
  ShardReader,
  type TensorOf,
} from '../src/index.js';

const schema = defineSchema({
  image: field.tensor('uint8', [224, 224, 3]),
  audio: field.tensor('int16', [null]),
  label: field.scalar('int32'),
  id: field.scalar('int64'),
  good: field.scalar('bool'),
  phase: field.scalar('complex64'),
  caption: field.text(),
  photo: field.bytes({ mediaType: 'image/jpeg' }),
  extra: field.json(),
});
type Row = Sample<typeof schema>;

test('a sample has the types of its schema', () => {
  expectTypeOf<Row>().toEqualTypeOf<{
    image: TensorOf<'uint8'>;
    audio: TensorOf<'int16'>;
    label: number;
    id: bigint;
    good: boolean;
    phase: readonly [number, number];
    caption: string;
    photo: Uint8Array;
    extra: unknown;
  }>();
  expectTypeOf<Row['image']['data']>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<Row['audio']['data']>().toEqualTypeOf<Int16Array>();
});

test('what may be written is what may be read, and plain numbers', () => {
  type Input = SampleInput<typeof schema>;
  expectTypeOf<Row>().toExtend<Input>();
  expectTypeOf<number[]>().toExtend<Input['audio']>();
  expectTypeOf<Int16Array>().toExtend<Input['audio']>();
  expectTypeOf<Float32Array>().not.toExtend<Input['audio']>();
  expectTypeOf<number>().toExtend<Input['id']>();
  expectTypeOf<string>().not.toExtend<Input['label']>();
  expectTypeOf<Omit<Row, 'label'>>().not.toExtend<Input>();
});

test('a reader carries the types, and works without them', () => {
  type Reader = ShardReader<typeof schema>;
  expectTypeOf<Awaited<ReturnType<Reader['get']>>>().toEqualTypeOf<Row>();
  const open = () => ShardReader.open(blobSource(new Uint8Array()));
  expectTypeOf(open).returns.resolves.toEqualTypeOf<ShardReader<Schema>>();
});
