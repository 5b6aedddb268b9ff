import { describe, expect, test } from 'vitest';
import { blobSource, defineSchema, field, limits, ShardReader, ShardWriter } from '../src/index.js';
import { memorySink } from './helpers/memory-sink.js';
import { openShard } from './helpers/open-shard.js';

const schema = defineSchema({
  image: field.tensor('uint8', [2, 2]),
  audio: field.tensor('int16', [null]),
  grid: field.tensor('float32', [null, null]),
  wave: field.tensor('complex64', [null]),
  flags: field.tensor('bool', [3]),
  label: field.scalar('int8'),
  id: field.scalar('uint64'),
  half: field.scalar('float16'),
  text: field.text(),
  json: field.json(),
  photo: field.bytes(),
});
const good = {
  image: new Uint8Array(4),
  audio: new Int16Array(2),
  grid: { data: new Float32Array(6), shape: [2, 3] },
  wave: new Float32Array(4),
  flags: new Uint8Array(3),
  label: 1,
  id: 1n,
  half: 0.5,
  text: 'x',
  json: {},
  photo: new Uint8Array(1),
};

describe('a value that does not fit is refused with field and row', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  test.each<[string, string, unknown]>([
    ['another typed array', 'image', new Int8Array(4)],
    ['a clamped array', 'image', new Uint8ClampedArray(4)],
    ['a DataView', 'image', new DataView(new ArrayBuffer(4))],
    ['a plain buffer', 'image', new ArrayBuffer(4)],
    ['too few elements', 'image', new Uint8Array(3)],
    ['another fixed shape', 'image', { data: new Uint8Array(4), shape: [4] }],
    ['another dtype in words', 'image', { data: new Uint8Array(4), shape: [2, 2], dtype: 'bool' }],
    ['a number beyond the range', 'image', [0, 1, 2, 256]],
    ['a fraction', 'image', [0, 1, 2, 0.5]],
    ['a hole', 'image', [0, 1, 2, undefined]],
    ['text in numbers', 'audio', ['1']],
    ['nothing', 'audio', null],
    ['undefined', 'audio', undefined],
    ['a number for a tensor', 'audio', 5],
    ['data without its shape', 'grid', new Float32Array(6)],
    ['a shape that is not the length', 'grid', { data: new Float32Array(6), shape: [2, 2] }],
    ['a negative extent', 'grid', { data: new Float32Array(6), shape: [-2, -3] }],
    ['half a complex number', 'wave', new Float32Array(3)],
    ['a bool of 2', 'flags', new Uint8Array([0, 1, 2])],
    ['a bool in words', 'flags', [true, false, 'true']],
    ['a scalar beyond the range', 'label', 128],
    ['a scalar that is no number', 'label', '1'],
    ['NaN for an integer', 'label', Number.NaN],
    ['a negative uint64', 'id', -1n],
    ['a uint64 beyond its range', 'id', 2n ** 64n],
    ['an inexact uint64', 'id', 2 ** 60],
    ['a bigint for a float', 'half', 1n],
    ['a number for text', 'text', 5],
    ['a lone surrogate', 'text', 'a\ud800b'],
    ['a function', 'json', () => 1],
    ['a function inside', 'json', { a: [() => 1] }],
    ['NaN', 'json', { a: Number.NaN }],
    ['a bigint', 'json', 1n],
    ['a cycle', 'json', cyclic],
    ['a lone surrogate in JSON', 'json', ['\udc00']],
    ['undefined as JSON', 'json', undefined],
    ['an array for bytes', 'photo', [1, 2]],
    ['text for bytes', 'photo', 'abc'],
  ])('%s: %s', async (_, name, value) => {
    const writer = await ShardWriter.create(memorySink(), { schema });
    await writer.append(good);
    await expect(writer.append({ ...good, [name]: value } as never)).rejects.toMatchObject({
      code: 'ZC_FORMAT_VALUE',
      message: expect.stringContaining(`"${name}"`),
      details: { field: name, row: 1 },
    });
  });

  test('a missing and an unknown field', async () => {
    const writer = await ShardWriter.create(memorySink(), { schema });
    const { label, ...rest } = good;
    await expect(writer.append(rest as never)).rejects.toThrow(/sample 0 has no field "label"/);
    await expect(writer.append({ ...good, lable: label } as never)).rejects.toThrow(/"lable".*lacks/);
  });

  test('leaves nothing behind', async () => {
    const sink = memorySink();
    const writer = await ShardWriter.create(sink, { schema });
    await writer.append(good);
    await expect(writer.append({ ...good, photo: 1 } as never)).rejects.toThrow();
    await writer.append({ ...good, label: 2 });
    expect(await writer.finish()).toMatchObject({ samples: 2 });
    const shard = await openShard(sink.bytes());
    expect((await shard.verify()).damage).toEqual([]);
    expect((await shard.get(1)).label).toBe(2);
  });
});

test('plain numbers, parts of larger arrays, Buffers and shared memory are taken as they are', async () => {
  const sink = memorySink();
  const writer = await ShardWriter.create(sink, { schema });
  const shared = new Uint8Array(new SharedArrayBuffer(8), 3, 4).fill(9);
  await writer.append({
    ...good,
    image: shared,
    audio: [1, -2, 3],
    grid: { data: [1.5, 2.5], shape: [1, 2] },
    wave: [1, 2, 3, 4],
    flags: [true, 0, 1],
    id: 7,
    photo: Buffer.from('abc').subarray(1),
  });
  await writer.finish();
  const row = await (await ShardReader.open<typeof schema>(blobSource(sink.bytes()))).get(0);
  expect(row).toMatchObject({
    image: { data: new Uint8Array(4).fill(9) },
    audio: { shape: [3], data: Int16Array.of(1, -2, 3) },
    grid: { shape: [1, 2], data: Float32Array.of(1.5, 2.5) },
    wave: { shape: [2], data: Float32Array.of(1, 2, 3, 4) },
    flags: { data: Uint8Array.of(1, 0, 1) },
    id: 7n,
    photo: new Uint8Array(Buffer.from('bc')),
  });
});

test('one call at a time, and none after the end', async () => {
  const writer = await ShardWriter.create(memorySink(), { schema: defineSchema({ a: field.bytes() }) });
  const first = writer.append({ a: new Uint8Array(3 * 2 ** 20) });
  await expect(writer.append({ a: new Uint8Array(1) })).rejects.toMatchObject({ code: 'ZC_ARGUMENT' });
  await first;
  await writer.finish();
  await expect(writer.append({ a: new Uint8Array(1) })).rejects.toMatchObject({ code: 'ZC_CLOSED' });
  await expect(writer.finish()).rejects.toMatchObject({ code: 'ZC_CLOSED' });
});

test('a fixed shape asks for its very length', async () => {
  const writer = await ShardWriter.create(memorySink(), { schema });
  await expect(writer.append({ ...good, image: new Uint8Array(8) })).rejects.toThrow(
    'row 0 of field "image": expected 4 bytes as shape [2,2] has, found 8',
  );
});

test.each([undefined, null, 7])('a sample that is %s is refused with its number', async (sample) => {
  const writer = await ShardWriter.create(memorySink(), { schema });
  await writer.append(good);
  await expect(writer.append(sample as never)).rejects.toMatchObject({
    code: 'ZC_FORMAT_VALUE',
    details: { row: 1 },
  });
  await writer.append(good);
});

test('a row beyond ROW_BYTES_MAX is refused', async () => {
  const writer = await ShardWriter.create(memorySink(), { schema: defineSchema({ a: field.bytes() }) });
  const a = new Uint8Array(limits.ROW_BYTES_MAX + 1);
  await expect(writer.append({ a })).rejects.toMatchObject({ code: 'ZC_FORMAT_LIMIT', details: { row: 0 } });
});

test('a compressed field is refused when the writer has no compressor for it', async () => {
  const compressed = { ...field.text(), codec: 'zstd', codecLibrary: 'zstd 1.5.7', codecLevel: 3 } as const;
  const creating = ShardWriter.create(memorySink(), { schema: defineSchema({ a: compressed }) });
  await expect(creating).rejects.toMatchObject({ code: 'ZC_FORMAT_CODEC' });
});

test('an error of the sink ends the writer with that error', async () => {
  const full = new Error('full');
  let left = 2;
  const sink = { write: async () => void (left-- > 0 || (await Promise.reject(full))) };
  const writer = await ShardWriter.create(sink, { schema: defineSchema({ a: field.bytes() }) });
  const appendAll = async () => {
    for (;;) await writer.append({ a: new Uint8Array(300_000) });
  };
  await expect(appendAll()).rejects.toBe(full);
  await expect(writer.append({ a: new Uint8Array(1) })).rejects.toMatchObject({ code: 'ZC_CLOSED' });
});
