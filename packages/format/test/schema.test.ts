import { describe, expect, test } from 'vitest';
import { defineSchema, type Field, type FieldSpec, field, parseSchema, schemaToJson } from '../src/index.js';

describe('defaults', () => {
  test.each<[string, FieldSpec, Partial<Field>]>([
    ['a small fixed row', field.tensor('uint8', [1023]), { checksum: 'block' }],
    ['a wide fixed row', field.tensor('uint8', [1024]), { checksum: 'row' }],
    ['a scalar', field.scalar('float64'), { checksum: 'block' }],
    ['tokens', field.tensor('uint16', [null]), { checksum: 'block', rowAlign: 2 }],
    ['wide tokens', field.tensor('uint32', [null]), { checksum: 'block', rowAlign: 4 }],
    ['audio', field.tensor('int16', [null]), { checksum: 'row', rowAlign: 2 }],
    ['ragged pairs of uint16', field.tensor('uint16', [null, 2]), { checksum: 'row', rowAlign: 2 }],
    ['complex numbers', field.tensor('complex64', [null]), { checksum: 'row', rowAlign: 8 }],
    ['bytes', field.bytes(), { checksum: 'row', rowAlign: 1 }],
    ['text', field.text(), { checksum: 'block', rowAlign: 1 }],
    ['json', field.json(), { checksum: 'block', rowAlign: 1 }],
  ])('of %s', (_, spec, expected) => {
    const [resolved] = defineSchema({ it: spec }).fields;
    expect(resolved).toMatchObject({ name: 'it', codec: 'none', ...expected });
    if (expected.rowAlign === undefined) expect(resolved).not.toHaveProperty('rowAlign');
  });
});

describe('the main field', () => {
  const wide = field.tensor('uint8', [4096]);
  const wider = field.tensor('float32', [2048]);
  const narrow = field.tensor('uint8', [4095]);
  test.each<[string, Record<string, FieldSpec>, string]>([
    ['the widest fixed one', { text: field.text(), wide, wider, bytes: field.bytes() }, 'wider'],
    ['of equally wide ones the first', { label: field.scalar('int8'), a: wide, b: wide }, 'a'],
    [
      'a variable one before narrow fixed ones',
      { narrow, text: field.text(), photo: field.bytes() },
      'photo',
    ],
    ['text before narrow fixed ones', { narrow, json: field.json(), text: field.text() }, 'json'],
    ['the widest of narrow ones', { label: field.scalar('int8'), narrow }, 'narrow'],
  ])('is %s', (_, fields, expected) => {
    expect(defineSchema(fields).main).toBe(expected);
  });

  test('is the one that was asked for', () => {
    expect(defineSchema({ wide, label: field.scalar('int8') }, { main: 'label' }).main).toBe('label');
  });
});

test('metadata may be named like what every object has', () => {
  const metadata = JSON.parse('{"__proto__":"a","constructor":"b"}');
  const schema = defineSchema({ a: field.text() }, { metadata });
  expect(Object.entries(schema.metadata)).toEqual(Object.entries(metadata));
  expect(Object.getPrototypeOf(schema.metadata)).toBe(Object.prototype);
  expect(parseSchema(schemaToJson(schema), 'x').metadata).toEqual(metadata);
});

test('a schema that breaks a rule is refused with the rule', () => {
  expect(() => defineSchema({})).toThrow(/ZC_FORMAT_SCHEMA schema: fields/);
  expect(() => defineSchema({ a: field.tensor('uint8', [4], { rowAlign: 8 }) })).toThrow(/takes no rowAlign/);
  expect(() => defineSchema({ a: field.tensor('uint8', [0]) })).toThrow(/fields\[0\]\.shape\[0\]/);
  expect(() => defineSchema({ a: field.bytes({ rowAlign: 3 }) })).toThrow(/power of two from 1 to 4096/);
  expect(() => defineSchema({ a: field.text() }, { metadata: { x: '\ud800' } })).toThrow(/lone surrogate/);
  expect(() => defineSchema({ a: field.tensor('uint8', [2 ** 31]) })).toThrow(
    /ZC_FORMAT_LIMIT.*ROW_BYTES_MAX/,
  );
});
