import { isZcError } from '@zc/errors';
import { expect, test } from 'vitest';
import { defineSchema, parseTail } from '../src/index.js';
import { DatasetWriter } from '../src/node/index.js';

// What JavaScript lets through.
test.each([[null], [undefined], ['image'], [[]]])('fields that are %j make no schema', (fields) => {
  expect(() => defineSchema(fields as never)).toThrow(/ZC_ARGUMENT: a schema is made of fields/);
});

test.each([[undefined], [null], [{}], [{ schema: null }]])(
  'options that are %j make no writer',
  async (options) => {
    const error = await DatasetWriter.create('/nowhere', options as never).catch((error) => error);
    expect(isZcError(error, 'ZC_ARGUMENT'), `${error}`).toBe(true);
    expect(error.message).toContain('Pass { schema: defineSchema({ … }) }.');
  },
);

test('a file too short for a shard is not taken for a damaged one', () => {
  expect(() => parseTail(new Uint8Array(0), 8, 'notes.txt')).toThrow(
    /ZC_FORMAT_TRUNCATED.*\n.*It is no shard, or/,
  );
});
