import { expect, test } from 'vitest';
import { crc32c } from '../src/crc32c.js';
import { encodeFooter, parseFooter } from '../src/footer.js';
import { planFields } from '../src/layout.js';
import { defineSchema, field, type Schema } from '../src/schema.js';

/** A schema as it comes back from the footer of a shard without samples. */
function read(schema: Schema): Schema {
  const nothing = { offset: 4096, length: 0 };
  const layout = planFields(schema).map((plan) => ({ ...plan, region: nothing, checksums: nothing }));
  const bytes = encodeFooter({ samples: 0, schema, layout });
  const tail = {
    footerOffset: 4096,
    footerBytes: bytes.length,
    fileBytes: 4096 + bytes.length + 64,
    footerCrc: crc32c(bytes),
    headCrc: 0,
    uuid: new Uint8Array(16),
  };
  return parseFooter(bytes, tail, 'shard').schema;
}

test('footers of the same and of other schemas in turn have their own', () => {
  const narrow = defineSchema({ a: field.scalar('int32') });
  const wide = defineSchema({ a: field.scalar('int64') }, { metadata: { ['__proto__']: 'kept' } });
  for (const schema of [narrow, narrow, wide, wide, narrow]) expect(read(schema)).toStrictEqual(schema);
});

test('what is done to the schema of one shard does not reach another one', () => {
  const schema = defineSchema({ a: field.scalar('int32') });
  const first = read(schema) as { main: string };
  first.main = 'changed';
  expect(read(schema).main).toBe('a');
});
