import { describe, expect, test } from 'vitest';
import { failure } from '../../../../tools/testing/failure.js';
import { preview } from '../../src/index.js';
import { arrayFile } from '../helpers/array-file.js';
import { folderOf } from '../helpers/folder-of.js';
import { packedRows } from '../helpers/packed-rows.js';

const texts = () => folderOf({ 'a/1.txt': '10', 'b/2.txt': '-3' });
const floats = () =>
  arrayFile(
    Float32Array.from({ length: 12 }, (_, i) => i / 2),
    { descr: '<f4', shape: [2, 6] },
  );

describe('drop and rename', () => {
  test('fields go, others get new names', async () => {
    const { rows } = await packedRows({ input: texts(), drop: ['name'], rename: { text: 'number' } });
    expect(rows).toEqual([
      { number: '10', label: 0n },
      { number: '-3', label: 1n },
    ]);
  });

  test('names change places', async () => {
    const { rows } = await packedRows({ input: texts(), rename: { text: 'name', name: 'text' } });
    expect(rows[0]).toEqual({ name: '10', text: 'a/1.txt', label: 0n });
  });

  test.each([
    [{ drop: ['nme'] }, 'there is no field "nme"'],
    [{ drop: ['text', 'label', 'name'] }, 'no field would be left'],
    [{ rename: { text: 'name' } }, 'two fields would be named "name"'],
  ])('refused: %o', async (options, words) => {
    const error = await failure('ZC_ARGUMENT', () => preview({ input: texts(), ...options }));
    expect(error.message).toContain(words);
  });
});

describe('field', () => {
  test('elements are cast and tensors reshaped', async () => {
    const { rows, fields } = await packedRows({ input: floats(), field: { x: 'float64[2,3]' } });
    expect(fields[0]).toMatchObject({ dtype: 'float64', shape: [2, 3] });
    expect(rows[1]).toEqual({
      x: { dtype: 'float64', shape: [2, 3], data: Float64Array.of(3, 3.5, 4, 4.5, 5, 5.5) },
    });
  });

  test('a fixed dimension may become an open one', async () => {
    const { rows } = await packedRows({ input: floats(), field: { x: 'float16[null,2]' } });
    expect(rows[0]!.x).toMatchObject({ dtype: 'float16', shape: [3, 2] });
  });

  test('texts become numbers', async () => {
    const { rows } = await packedRows({ input: texts(), field: { text: 'int16', label: 'uint8' } });
    expect(rows.map(({ text, label }) => [text, label])).toEqual([
      [10, 0],
      [-3, 1],
    ]);
  });

  test('raw bytes become elements', async () => {
    const input = folderOf({ 'a.raw': '\x01\x02\x03\x04', 'b.raw': '\x05\x06\x07\x08' });
    const { rows } = await packedRows({ input, field: { data: 'uint8[2,2]' } });
    expect(rows[1]!.data).toMatchObject({ shape: [2, 2], data: Uint8Array.of(5, 6, 7, 8) });
  });

  test('an integer that does not fit is the error of its row', async () => {
    const input = arrayFile(Int32Array.of(1, 300, 3), { descr: '<i4', shape: [3] });
    const error = await failure('ZC_FORMAT_VALUE', () => packedRows({ input, field: { x: 'uint8' } }));
    expect(error.message).toContain('row 1 of field "x" does not become uint8: 300 is no uint8');
    const { rows, report } = await packedRows({ input, field: { x: 'uint8' }, onError: 'skip' });
    expect(rows).toEqual([{ x: 1 }, { x: 3 }]);
    expect(report).toMatchObject({ skipped: 1, errors: [{ row: 1 }] });
  });

  test.each([
    ['float64[5]', '6 elements, not 5'],
    ['float64[null,null]', 'more than one dimension is open'],
    ['complex64[3]', '6 elements, not 3'],
    ['bytes', 'tensor does not become bytes'],
    ['float', 'is no type for field "x"'],
    ['float32[0]', 'is no type for field "x"'],
  ])('%s is refused with the reason', async (type, words) => {
    const error = await failure('ZC_ARGUMENT', () => preview({ input: floats(), field: { x: type } }));
    expect(error.message).toContain(words);
  });

  test.each([
    [
      '<f2',
      Uint16Array.of(0x3800, 0xc000, 0, 0x3c00),
      [2, 2],
      [
        [0.5, -2],
        [0, 1],
      ],
    ],
    ['|b1', Uint8Array.of(1, 0, 0, 1), [4], [true, false, false, true]],
    [
      '<c8',
      Float32Array.of(1, 2, 3, 4),
      [2],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ] as const)(
    'a tensor %s becomes nested arrays of its values as JSON',
    async (descr, data, shape, expected) => {
      const input = arrayFile(data, { descr, shape: [1, ...shape] });
      expect((await packedRows({ input, field: { x: 'json' } })).rows).toEqual([{ x: expected }]);
    },
  );

  test('an integer that JSON does not keep is the error of its row', async () => {
    const input = arrayFile(BigInt64Array.of(2n ** 53n + 1n, 7n), { descr: '<i8', shape: [2] });
    const { rows, report } = await packedRows({ input, field: { x: 'json' }, onError: 'skip' });
    expect(rows).toEqual([{ x: 7 }]);
    expect(report).toMatchObject({ skipped: 1 });
  });

  test('arrays of different lengths are no tensor, though their elements add up', async () => {
    const input = folderOf({ 'a.jsonl': '{"x": {}}\n{"x": [[1], [2, 3], []]}\n{"x": [[1, 2], [3, 4]]}\n' });
    const options = { input: `${input}/a.jsonl`, field: { x: 'int32[null,null]' }, onError: 'skip' } as const;
    const { rows, report } = await packedRows(options);
    expect(rows).toEqual([{ x: { dtype: 'int32', shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) } }]);
    expect(report.errors.map(({ row }) => row)).toEqual([0, 1]);
  });

  test('an encoded image is not taken for pixels', async () => {
    const input = folderOf({ 'a.jpg': 'x' });
    const error = await failure('ZC_ARGUMENT', () => preview({ input, field: { image: 'uint8[1]' } }));
    expect(error.message).toContain('decoded with --decode');
  });
});

describe('fixed', () => {
  const open = { field: { x: 'float32[null]' }, fixed: ['x'] };

  test('the extents are those of the first row', async () => {
    const { fields, rows } = await packedRows({ input: floats(), ...open });
    expect(fields[0]).toMatchObject({ shape: [6] });
    expect(rows).toHaveLength(2);
  });

  test('a row that differs is named', async () => {
    const input = folderOf({ 'a.raw': 'four', 'b.raw': 'fourfour', 'c.raw': 'five' });
    const options = { input, field: { data: 'uint8[null]' }, fixed: ['data'] };
    const error = await failure('ZC_CONVERT_MIXED', () => packedRows(options));
    expect(error).toMatchObject({ expected: [4], actual: [8] });
    const { rows, report } = await packedRows({ ...options, onError: 'skip' });
    expect(rows.map(({ name }) => name)).toEqual(['a.raw', 'c.raw']);
    expect(report.errors.map(({ row }) => row)).toEqual([1]);
  });

  test('what has no shape is refused', async () => {
    const error = await failure('ZC_ARGUMENT', () => preview({ input: texts(), fixed: ['name'] }));
    expect(error.message).toContain('field "name" is utf8');
  });
});
