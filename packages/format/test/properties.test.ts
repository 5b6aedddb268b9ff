import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Dtype, defineSchema, dtypes, elementsOf, type FieldSpec, field } from '../src/index.js';
import { makeShard } from './helpers/make-shard.js';
import { openShard } from './helpers/open-shard.js';

/** A field and a way to make values of it. */
interface Case {
  spec: FieldSpec;
  value: fc.Arbitrary<unknown>;
}

const wellFormed = fc.string({ unit: 'grapheme', maxLength: 40 });
const dtype = fc.constantFrom(...(Object.keys(dtypes) as Dtype[]));
const checksum = fc.constantFrom('row', 'block', undefined);

function tensorValue(name: Dtype, shape: readonly (number | null)[]): fc.Arbitrary<unknown> {
  const extents = shape.map((extent) => (extent === null ? fc.nat(5) : fc.constant(extent)));
  return fc.tuple(...extents).chain((settled) => {
    const bytes = settled.reduce((product, extent) => product * extent, dtypes[name].bytes);
    return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((random) => {
      if (name === 'bool') for (let i = 0; i < bytes; i++) random[i]! &= 1;
      return { dtype: name, shape: settled, data: elementsOf(name, random.slice()) };
    });
  });
}

const tensorCase: fc.Arbitrary<Case> = fc
  .tuple(
    dtype,
    fc.array(fc.option(fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 4 }),
    checksum,
    fc.nat(5),
  )
  .map(([name, shape, unit, shift]) => {
    const ragged = shape.includes(null);
    const rowAlign = ragged && shift > 0 ? dtypes[name].bytes * 2 ** shift : undefined;
    return {
      spec: field.tensor(name, shape, { ...(unit && { checksum: unit }), ...(rowAlign && { rowAlign }) }),
      value: tensorValue(name, shape),
    };
  });

const otherCase: fc.Arbitrary<Case> = fc.constantFrom(
  { spec: field.scalar('int32'), value: fc.integer() },
  { spec: field.scalar('float64'), value: fc.double() },
  { spec: field.scalar('float32'), value: fc.float() },
  { spec: field.scalar('bool'), value: fc.boolean() },
  { spec: field.scalar('int64'), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { spec: field.scalar('uint64'), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  { spec: field.text(), value: wellFormed },
  { spec: field.text({ checksum: 'row', rowAlign: 8 }), value: wellFormed },
  { spec: field.bytes(), value: fc.uint8Array({ maxLength: 6000 }) },
  { spec: field.bytes({ rowAlign: 512, checksum: 'block' }), value: fc.uint8Array({ maxLength: 600 }) },
  {
    spec: field.json(),
    value: fc.jsonValue({ stringUnit: 'grapheme' }).map((value) => JSON.parse(JSON.stringify(value))),
  },
);

const shard = fc
  .uniqueArray(fc.tuple(wellFormed.filter(isName), fc.oneof(tensorCase, otherCase)), {
    minLength: 1,
    maxLength: 5,
    selector: ([name]) => name,
  })
  .chain((fields) =>
    fc.record({
      fields: fc.constant(fields),
      main: fc.constantFrom(undefined, ...fields.map(([name]) => name)),
      metadata: fc.dictionary(
        wellFormed.filter((key) => key !== '__proto__'),
        wellFormed,
        { maxKeys: 3 },
      ),
      samples: fc.array(fc.tuple(...fields.map(([, { value }]) => value)), { maxLength: 12 }),
    }),
  );

test('any samples of any schema are read as they were written, verify finds nothing, twice the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(shard, async ({ fields, main, metadata, samples }) => {
      const names = fields.map(([name]) => name);
      const schema = defineSchema(Object.fromEntries(fields.map(([name, { spec }]) => [name, spec])), {
        ...(main !== undefined && { main }),
        metadata,
      });
      const given = samples.map((values) => Object.fromEntries(names.map((name, i) => [name, values[i]])));
      const bytes = await makeShard(schema, given);
      const reader = await openShard(bytes);
      expect(reader.schema).toEqual(schema);
      const read = [];
      for await (const row of reader.rows()) read.push(row);
      expect(read).toEqual(given);
      if (given.length > 0) expect(await reader.get(given.length - 1)).toEqual(given.at(-1));
      expect((await reader.verify()).damage).toEqual([]);
      expect(Buffer.compare(await makeShard(schema, given), bytes)).toBe(0);
    }),
    { numRuns: 150 },
  );
});

function isName(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names have none.
  return text.length > 0 && !/[\u0000-\u001f\u007f]/.test(text);
}
