import { describe, expect, test } from 'vitest';
import { halfToNumber, numberToHalf } from '../src/half.js';
import { toFloat32 } from '../src/index.js';

describe.each(['float16', 'bfloat16'] as const)('%s', (dtype) => {
  test('all 65536 values survive the way to a number and back', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const numbers = toFloat32({ dtype, data: bits });
    const changed = bits.filter((value) => {
      const number = halfToNumber(dtype, value);
      if (Number.isNaN(number)) return !Number.isNaN(numbers[value]!);
      return numberToHalf(dtype, number) !== value || numbers[value] !== number;
    });
    expect([...changed]).toEqual([]);
  });

  test('numbers between two values go to the nearer, in the middle to the even one', () => {
    for (const bits of [0, 1, 2, 0x3ff, 0x400, 0x401, 0x3c00, 0x3c01, 0x7b00]) {
      const [low, high] = [halfToNumber(dtype, bits), halfToNumber(dtype, bits + 1)];
      const middle = (low + high) / 2;
      expect(numberToHalf(dtype, middle)).toBe(bits % 2 === 0 ? bits : bits + 1);
      expect(numberToHalf(dtype, low + (high - low) * 0.49)).toBe(bits);
      expect(numberToHalf(dtype, -(low + (high - low) * 0.51))).toBe(0x8000 | (bits + 1));
    }
  });
});

test('what is too large becomes infinity, what is too small zero', () => {
  expect(numberToHalf('float16', 65519)).toBe(0x7bff);
  expect(numberToHalf('float16', 65520)).toBe(0x7c00);
  expect(numberToHalf('float16', -1e300)).toBe(0xfc00);
  expect(numberToHalf('float16', 2 ** -25)).toBe(0);
  expect(numberToHalf('float16', -0)).toBe(0x8000);
  expect(numberToHalf('bfloat16', Number.NaN)).toBe(0x7fc0);
  expect(numberToHalf('bfloat16', Number.MIN_VALUE)).toBe(0);
});

test('toFloat32 refuses other dtypes', () => {
  expect(() => toFloat32({ dtype: 'int8', data: [1] })).toThrow(/ZC_ARGUMENT.*int8/);
});
