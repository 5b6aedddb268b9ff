import { isZcError } from '@zc/errors';
import { expect, test } from 'vitest';
import { zcErrorFromNative } from '../src/native-error.js';

test('an error of the system carries its number and words', () => {
  const error = zcErrorFromNative({
    code: 'ZC_IO_READ',
    operation: 'read',
    errno: 5,
    errnoText: 'Input/output error (EIO)',
    path: 'a.zcs',
    offset: 4096,
  });
  expect(isZcError(error, 'ZC_IO_READ')).toBe(true);
  expect(error.message).toMatch(/^ZC_IO_READ a\.zcs @ 4096: read failed: Input\/output error \(EIO\)\.\n./);
  expect(error.details).toEqual({ operation: 'read', errno: 5, errnoText: 'Input/output error (EIO)' });
});

test('a checksum is told in hexadecimal, with the tag of its piece', () => {
  const error = zcErrorFromNative({
    code: 'ZC_IO_CHECKSUM',
    operation: 'read',
    errno: 0,
    path: 'a.zcs',
    offset: 0,
    expected: 0x9a8b7c6d,
    actual: 0x1f,
    tag: 17,
  });
  expect(error.summary).toBe('the bytes have CRC32C 0000001f, expected 9a8b7c6d');
  expect(error).toMatchObject({ expected: 0x9a8b7c6d, actual: 0x1f, details: { tag: 17 } });
});

test('a short read is told in bytes', () => {
  const error = zcErrorFromNative({
    code: 'ZC_IO_SHORT_READ',
    operation: 'read',
    errno: 0,
    expected: 100,
    actual: 40,
  });
  expect(error.summary).toBe('the file ended after 40 of 100 bytes');
});

test.each([
  [2, 'check the path'],
  [13, 'permissions'],
  [24, 'ulimit -n'],
  [23, 'ulimit -n'],
])('the advice for a file that cannot be opened fits error %d', (errno, advice) => {
  const error = zcErrorFromNative({ code: 'ZC_IO_OPEN', operation: 'open', errno });
  expect(error.advice).toContain(advice);
});

test('a code that the table does not know is an internal error that names it', () => {
  const error = zcErrorFromNative({ code: 'ZC_NEW', operation: 'something', errno: 0 });
  expect(error.code).toBe('ZC_INTERNAL');
  expect(error.summary).toContain('ZC_NEW');
});
