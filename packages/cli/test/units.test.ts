import { expect, test } from 'vitest';
import { formatBytes, formatSeconds, formatSome, parseBytes, parseIndex } from '../src/units.js';

test.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [256 * 2 ** 20, '256 MiB'],
  [2 ** 44, '16.0 TiB'],
  [2 ** 54, '16384 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  ['1', 1],
  ['256MiB', 256 * 2 ** 20],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['2kb', 2000],
  ['1TB', 1e12],
])('%s is read as %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(['', 'MiB', '-1', '0', '1 XB', '1e3', '99999999TiB'])('"%s" is no size', (text) => {
  expect(() => parseBytes(text)).toThrow('256MiB');
});

test.each(['', '-1', '1.5', 'x', '9007199254740993'])('"%s" is no index', (text) => {
  expect(() => parseIndex(text)).toThrow('whole number');
});

test.each([
  [0.123, '0.12 s'],
  [12.34, '12.3 s'],
  [65, '1 min 05 s'],
  [3600, '60 min 00 s'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('one is singular', () => {
  expect([formatSome(1, 'row'), formatSome(1000, 'row')]).toEqual(['1 row', '1,000 rows']);
});
