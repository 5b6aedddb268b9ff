import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Field, schemaToJson, type Tensor } from '../src/index.js';
import { goldenValue } from './helpers/golden-value.js';
import { makeShard } from './helpers/make-shard.js';
import { openShard } from './helpers/open-shard.js';

import type { Json } from './helpers/rewrite-shard.js';

const folder = new URL('golden/', import.meta.url);
const goldens: Json[] = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8'));

describe.each(goldens)('$file', (golden) => {
  const { file, schema, samples, uuid, bytes: length } = golden as Json;
  const bytes = new Uint8Array(readFileSync(new URL(file, folder)));

  test('is read as golden.json tells it', async () => {
    const shard = await openShard(bytes);
    expect(schemaToJson(shard.schema)).toEqual(schema);
    expect({ uuid: shard.uuid, samples: shard.length, bytes: bytes.length }).toEqual({
      uuid,
      samples: samples.length,
      bytes: length,
    });
    let i = 0;
    for await (const row of shard.rows()) {
      for (const field of shard.schema.fields) {
        const expected = goldenValue(field, samples[i][field.name]);
        expect(bitsOf(row[field.name]), `row ${i} of ${field.name}`).toEqual(bitsOf(expected));
      }
      i++;
    }
    expect(i).toBe(samples.length);
    expect((await shard.verify()).damage).toEqual([]);
  });

  test('is written to the same bytes', async () => {
    const shard = await openShard(bytes);
    const values = samples.map((sample: Record<string, unknown>) =>
      Object.fromEntries(
        shard.schema.fields.map((field: Field) => [field.name, goldenValue(field, sample[field.name])]),
      ),
    );
    expect(Buffer.compare(await makeShard(shard.schema, values), bytes)).toBe(0);
  });
});

/** Tensors by their bytes, for NaNs are not equal to each other and may differ in their bits. */
function bitsOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('dtype' in value)) return value;
  const { dtype, shape, data } = value as Tensor;
  return { dtype, shape, bits: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex') };
}
