import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { crc32c, defineSchema, field, type pureDigests, SampleEncoder, ShardWriter } from '../src/index.js';
import { memorySink } from './helpers/memory-sink.js';
import { openShard } from './helpers/open-shard.js';

const schema = defineSchema({
  image: field.tensor('uint8', [64, 64]),
  audio: field.tensor('int16', [null]),
  grid: field.tensor('uint8', [null, null]),
  label: field.scalar('int32'),
});
const sampleOf = (i: number) => ({
  image: new Uint8Array(4096).fill(i),
  audio: new Int16Array((i * 37) % 4000).fill(i),
  grid: { data: new Uint8Array(i % 7).fill(i), shape: [1, i % 7] },
  label: i,
});

async function write(options: { heldBytesMax?: number; digests?: typeof pureDigests } = {}) {
  const sink = memorySink();
  const writer = await ShardWriter.create(sink, { schema, ...options });
  for (let i = 0; i < 1500; i++) await writer.append(sampleOf(i));
  const summary = await writer.finish();
  return { bytes: sink.bytes(), summary, sink };
}

test('the same samples give the same bytes, spilled or held, whatever computes the checksums', async () => {
  const held = await write();
  const spilled = await write({ heldBytesMax: 2 ** 20 });
  let calls = 0;
  const counting = {
    crc32c: (data: Uint8Array, seed?: number) => {
      calls++;
      return crc32c(data, seed);
    },
    sha256: () => createHash('sha256'),
  };
  const injected = await write({ digests: counting });
  expect(held.sink.spills).toEqual([]);
  expect(spilled.sink.spills).toEqual([{ bytes: expect.any(Number), closed: true }]);
  expect(spilled.sink.spills[0]!.bytes).toBeGreaterThan(4 * 2 ** 20);
  expect(calls).toBeGreaterThan(3000);
  expect(Buffer.compare(held.bytes, spilled.bytes)).toBe(0);
  expect(Buffer.compare(held.bytes, injected.bytes)).toBe(0);
  expect(spilled.summary).toEqual(held.summary);
  expect(held.summary.sha256).toBe(createHash('sha256').update(held.bytes).digest('hex'));
  const shard = await openShard(spilled.bytes);
  expect((await shard.verify()).damage).toEqual([]);
  expect(await shard.get(1499)).toMatchObject({ label: 1499, grid: sampleOf(1499).grid });
});

test('samples that were encoded elsewhere give the same bytes', async () => {
  const sink = memorySink();
  const writer = await ShardWriter.create(sink, { schema });
  const encoder = new SampleEncoder(schema);
  for (let i = 0; i < 1500; i++) await writer.appendEncoded(encoder.encode(sampleOf(i), i));
  await writer.finish();
  expect(Buffer.compare(sink.bytes(), (await write()).bytes)).toBe(0);
});

test('encoded rows of a wrong length are refused', async () => {
  const writer = await ShardWriter.create(memorySink(), { schema });
  const encoder = new SampleEncoder(schema);
  const good = encoder.encode(sampleOf(5), 0);
  const wrong = [
    { ...good, rows: good.rows.slice(1) },
    { ...good, rows: [new Uint8Array(4095), ...good.rows.slice(1)] },
    { ...good, rows: good.rows.with(1, new Uint8Array(3)) },
    { ...good, dims: good.dims.with(2, new Uint32Array(1)) },
  ];
  for (const sample of wrong) {
    await expect(writer.appendEncoded(sample)).rejects.toMatchObject({ code: 'ZC_FORMAT_VALUE' });
  }
});

test('without SHA-256 the summary says null', async () => {
  const writer = await ShardWriter.create(memorySink(), { schema, sha256: false });
  expect(await writer.finish()).toMatchObject({ sha256: null, samples: 0 });
});
