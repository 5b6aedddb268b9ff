import { expect, test } from 'vitest';
import {
  crc32c,
  decodeTableBlockU32,
  decodeTableBlockU64,
  tableBytes,
  U32_PER_BLOCK,
  U64_PER_BLOCK,
} from '../src/index.js';
import { TableEncoder } from '../src/tables.js';

const place = { name: 'x.zcs', offset: 8192 };

function encode(type: 'u32' | 'u64', entries: readonly number[]): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  const encoder = new TableEncoder(type, (block) => blocks.push(block.slice()), crc32c);
  for (const entry of entries) encoder.push(entry);
  encoder.finish();
  return blocks;
}

test.each([0, 1, 510, 511, 512, 1021, 1022, 1023, 5000])(
  '%i entries are read as they were written',
  (count) => {
    const u64 = Array.from({ length: count }, (_, i) => Number.MAX_SAFE_INTEGER - i * 2 ** 33);
    const u32 = Array.from({ length: count }, (_, i) => 2 ** 32 - 1 - i);
    const wide = encode('u64', u64).map((block, i) => decodeTableBlockU64(block, i, place));
    const narrow = encode('u32', u32).map((block, i) => decodeTableBlockU32(block, i, place));
    expect(wide.length * 4096).toBe(tableBytes('u64', count));
    expect(narrow.length * 4096).toBe(tableBytes('u32', count));
    expect(wide.flatMap((block) => [...block]).slice(0, count)).toEqual(u64);
    expect(narrow.flatMap((block) => [...block]).slice(0, count)).toEqual(u32);
  },
);

test('an array that is given is filled, with a checksum that is given', () => {
  const [block] = encode('u64', [1, 2]);
  const out = new Float64Array(U64_PER_BLOCK).fill(9);
  let calls = 0;
  const counting = (data: Uint8Array) => {
    calls++;
    return crc32c(data);
  };
  expect(decodeTableBlockU64(block!, 0, place, { out, crc32c: counting })).toBe(out);
  expect([out[0], out[1], out[2], calls]).toEqual([1, 2, 0, 1]);
  expect(new Uint32Array(U32_PER_BLOCK).length).toBe(1022);
});

test('a block that is not the one asked for, not whole or not itself is refused with its place', () => {
  const [block] = encode('u32', [7]);
  const refused = (bytes: Uint8Array, number: number) => {
    try {
      decodeTableBlockU32(bytes, number, place);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  expect(refused(block!, 1)).toMatchObject({
    code: 'ZC_FORMAT_TABLE',
    offset: 8192 + 4088,
    expected: 1,
    actual: 0,
  });
  expect(refused(block!.subarray(1), 0)).toMatchObject({ code: 'ZC_FORMAT_TABLE' });
  expect(refused(block!.with(5, 1), 0)).toMatchObject({
    code: 'ZC_FORMAT_CHECKSUM',
    path: 'x.zcs',
    offset: 8192,
  });
});
