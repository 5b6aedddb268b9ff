import { expect, test } from 'vitest';
import { crc32c, sum64 } from '../src/index.js';
import { pattern } from './helpers/pattern.js';

// RFC 3720, appendix B.4
test.each([
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['rising', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['falling', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
])('CRC32C of %s', (_, data, expected) => {
  expect(crc32c(data)).toBe(expected);
});

test('CRC32C goes on from a seed, at any length and alignment', () => {
  const data = pattern(100_003);
  for (const cut of [0, 1, 7, 8, 4096, 50_001, data.length]) {
    expect(crc32c(data.subarray(cut), crc32c(data.subarray(0, cut)))).toBe(crc32c(data));
  }
});

test('sum64 adds little-endian words, wraps, and pads the last one with zeros', () => {
  expect(sum64(new Uint8Array(0))).toBe(0n);
  expect(sum64(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 2))).toBe(3n);
  expect(sum64(new Uint8Array(16).fill(0xff))).toBe(2n ** 64n - 2n);
  const words = new BigUint64Array(pattern(80_000).buffer);
  const expected = BigInt.asUintN(
    64,
    words.reduce((sum, word) => sum + word, 0n),
  );
  expect(sum64(new Uint8Array(words.buffer))).toBe(expected);
});
