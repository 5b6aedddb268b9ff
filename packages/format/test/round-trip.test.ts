import { expect, test } from 'vitest';
import { blobSource, defineSchema, field, ShardReader, ShardWriter } from '../src/index.js';
import { memorySink } from './helpers/memory-sink.js';

test('what was appended is read, field by field', async () => {
  const schema = defineSchema({
    image: field.tensor('uint8', [2, 3]),
    audio: field.tensor('int16', [null]),
    grid: field.tensor('float32', [null, 3, null]),
    label: field.scalar('int32'),
    id: field.scalar('uint64'),
    good: field.scalar('bool'),
    wave: field.scalar('complex64'),
    half: field.scalar('float16'),
    caption: field.text(),
    meta: field.json(),
    photo: field.bytes({ mediaType: 'image/jpeg', rowAlign: 64 }),
  });
  const sink = memorySink();
  const writer = await ShardWriter.create(sink, { schema });
  const samples = Array.from({ length: 1100 }, (_, i) => ({
    image: Uint8Array.from({ length: 6 }, (_, k) => i + k),
    audio: Int16Array.from({ length: i % 5 }, (_, k) => -i * k),
    grid: { data: new Float32Array((i % 3) * 3 * 2).fill(i), shape: [i % 3, 3, 2] },
    label: 7 - i,
    id: 2n ** 63n + BigInt(i),
    good: i % 2 === 0,
    wave: [i, -i] as const,
    half: i / 4,
    caption: `\ufeffnumber ${i} \u{1f600}`,
    meta: { b: [i, null], a: 'x' },
    photo: new Uint8Array(i % 100).fill(i),
  }));
  for (const sample of samples) await writer.append(sample);
  const summary = await writer.finish();
  const bytes = sink.bytes();
  expect(summary).toMatchObject({ samples: 1100, bytes: bytes.length });

  const shard = await ShardReader.open<typeof schema>(blobSource(bytes));
  expect(shard.schema).toEqual(schema);
  expect(shard.uuid).toBe(summary.uuid);
  let i = 0;
  for await (const row of shard.rows()) {
    const given = samples[i++]!;
    expect(row).toEqual({
      ...given,
      image: { dtype: 'uint8', shape: [2, 3], data: given.image },
      audio: { dtype: 'int16', shape: [given.audio.length], data: given.audio },
      grid: { dtype: 'float32', ...given.grid },
    });
  }
  expect(i).toBe(1100);
  expect((await shard.get(1099)).caption).toBe('\ufeffnumber 1099 \u{1f600}');
  expect(await shard.readRow('label', 77)).toBe(-70);
  const report = await shard.verify();
  expect(report.damage).toEqual([]);
  expect(report.ok).toBe(true);
});
