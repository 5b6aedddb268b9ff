import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { errorCodes, ZcError } from '../src/index.js';

test('the message has code, place and summary on the first line and the advice on the second', () => {
  const error = new ZcError(
    'ZC_FORMAT_CHECKSUM',
    'row 17 of field "image" has CRC32C 1f2e3d4c, expected 9a8b7c6d',
    {
      path: 'data/train/shard-000003.zcs',
      offset: 1052672,
      advice: 'The file changed after it was written.',
    },
  );
  expect(error.message).toBe(
    'ZC_FORMAT_CHECKSUM data/train/shard-000003.zcs @ 1052672: ' +
      'row 17 of field "image" has CRC32C 1f2e3d4c, expected 9a8b7c6d.\n' +
      'The file changed after it was written.',
  );
});

test.each([
  [{}, 'ZC_ARGUMENT: no.'],
  [{ path: 'a' }, 'ZC_ARGUMENT a: no.'],
  [{ offset: 0 }, 'ZC_ARGUMENT @ 0: no.'],
  [{ path: 'a', offset: 0 }, 'ZC_ARGUMENT a @ 0: no.'],
])('the place %j is shown as %j', (place, expected) => {
  expect(new ZcError('ZC_ARGUMENT', 'no', place).message.split('\n')[0]).toBe(expected);
});

test('a summary that ends its sentence gets no second full stop', () => {
  expect(new ZcError('ZC_ARGUMENT', 'really?').message).toMatch(/^ZC_ARGUMENT: really\?\n/);
});

test('the advice of the table is taken where none is given', () => {
  const error = new ZcError('ZC_MEMORY_BUDGET', 'all is held');
  expect(error.advice).toBe(errorCodes.ZC_MEMORY_BUDGET.advice);
  expect(error.message.split('\n')[1]).toBe(error.advice);
});

test('details that were not given are no properties', () => {
  const error = new ZcError('ZC_ARGUMENT', 'no', { path: 'a', offset: undefined });
  expect(Object.keys(error).sort()).toEqual(['advice', 'code', 'details', 'path', 'summary']);
  expect('cause' in error).toBe(false);
});

test('details, expectation and cause are kept as they were given', () => {
  const cause = new Error('first');
  const error = new ZcError('ZC_MEMORY_BUDGET', 'full', {
    expected: 3n,
    actual: [4],
    cause,
    held: ['a', 'b'],
  });
  expect(error).toMatchObject({ expected: 3n, actual: [4], details: { held: ['a', 'b'] } });
  expect(error.cause).toBe(cause);
});

test('a printed error names itself once and does not show the brand as a field', () => {
  const printed = inspect(new ZcError('ZC_ABORTED', 'stopped'));
  expect(printed).toMatch(/^ZcError: ZC_ABORTED: stopped\./);
  expect(printed).not.toContain('name:');
});

test('toJSON gives what JSON can carry, whatever hangs from the error', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const error = new ZcError('ZC_IO_READ', 'gone', {
    path: 'a',
    offset: 5,
    expected: 2n ** 63n,
    actual: new Uint8Array(3),
    cause: Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }),
    circular,
    ratio: Number.NaN,
  });
  const json = JSON.parse(JSON.stringify(error));
  expect(json).toMatchObject({
    name: 'ZcError',
    code: 'ZC_IO_READ',
    summary: 'gone',
    path: 'a',
    offset: 5,
    expected: '9223372036854775808',
    actual: '[object Uint8Array]',
    cause: { name: 'Error', code: 'EIO', message: 'EIO: i/o error' },
    ratio: 'NaN',
  });
});
