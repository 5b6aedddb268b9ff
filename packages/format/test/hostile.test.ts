import { describe, expect, test } from 'vitest';
import { crc32c, defineSchema, field, limits, parseTail, TAIL_BYTES } from '../src/index.js';
import { makeShard } from './helpers/make-shard.js';
import { findingIn, openShard } from './helpers/open-shard.js';
import { type Json, withFooter, withFooterText, withTableBlock, withTail } from './helpers/rewrite-shard.js';

/** Every checksum is right in these shards: what refuses them is the check of the value itself. */

const shard = await makeShard(
  defineSchema({
    image: field.tensor('uint8', [8]),
    audio: field.tensor('int16', [null]),
    grid: field.tensor('uint8', [null, null]),
    text: field.text(),
  }),
  [0, 1, 2].map((i) => ({
    image: new Uint8Array(8).fill(i),
    audio: new Int16Array(i + 1),
    grid: { data: new Uint8Array(i * 2), shape: [i, 2] },
    text: `text ${i}`,
  })),
);
const { layout } = (await openShard(shard)).footer;
const footerAt = parseTail(shard.subarray(-TAIL_BYTES), shard.length, '').footerOffset;

/** Opens a shard whose footer was changed and tells the code that this ends with. */
const codeWith = (change: (footer: Json) => unknown) => findingIn(withFooter(shard, change));

test('a footer that was rewritten without a change is not refused', async () => {
  expect(await codeWith((footer) => footer)).toBeUndefined();
});

describe('the footer', () => {
  test.each([
    ['no JSON', '{"format":'],
    ['an array', '[]'],
    ['a number', '1'],
    ['null', 'null'],
    ['empty', ''],
    ['an empty object', '{}'],
  ])('%s is refused', async (_, text) => {
    expect(await findingIn(withFooterText(shard, text))).toBe('ZC_FORMAT_FOOTER');
  });

  test('that is not UTF-8 is refused', async () => {
    const broken = withFooterText(shard, '"é"');
    const at = parseTail(broken.subarray(-TAIL_BYTES), broken.length, '').footerOffset;
    broken[at + 2] = 0x28;

    const footer = broken.subarray(at, broken.length - TAIL_BYTES);
    expect(await findingIn(withTail(broken, { footerCrc: crc32c(footer) }))).toBe('ZC_FORMAT_FOOTER');
  });

  test.each<[string, (footer: Json) => void]>([
    ['another format', (f) => (f.format = 'zc-dataset')],
    ['another major version', (f) => (f.version = [2, 0])],
    ['another minor version than the head', (f) => (f.version = [1, 1])],
    ['negative samples', (f) => (f.samples = -1)],
    ['fractional samples', (f) => (f.samples = 1.5)],
    ['samples beyond exact integers', (f) => (f.samples = 2 ** 60)],
    ['samples as text', (f) => (f.samples = '3')],
    ['fewer samples than the regions hold', (f) => (f.samples = 2)],
    ['a layout entry too few', (f) => f.layout.pop()],
    ['a layout entry too many', (f) => f.layout.push(f.layout[0])],
    ['a part of three numbers', (f) => f.layout[0].region.push(0)],
    ['a negative offset', (f) => (f.layout[0].region[0] = -4096)],
    ['a region in the head', (f) => (f.layout[0].region[0] = 0)],
    ['an unaligned region', (f) => (f.layout[0].region[0] += 8)],
    ['a region that begins behind the footer', (f) => (f.layout[0].region[0] = footerAt + 4096)],
    ['a region that ends in the footer', (f) => (f.layout[1].region[1] = footerAt)],
    ['an offset whose end overflows', (f) => (f.layout[1].region[0] = 2 ** 53 - 4096)],
    ['two regions at one place', (f) => (f.layout[1].region[0] = f.layout[0].region[0])],
    ['a table over a region', (f) => (f.layout[1].ends[0] = f.layout[0].region[0])],
    ['two tables at one place', (f) => (f.layout[1].ends[0] = f.layout[2].ends[0])],
  ])('%s is refused', async (_, change) => {
    expect(await codeWith((footer) => void change(footer))).toBe('ZC_FORMAT_FOOTER');
  });

  test.each<[string, (footer: Json) => void]>([
    ['ends of a fixed field', (f) => (f.layout[0].ends = f.layout[1].ends)],
    ['no ends of a variable field', (f) => delete f.layout[1].ends],
    ['no dims of a field with two ragged dimensions', (f) => delete f.layout[2].dims],
    ['dims of a field with one', (f) => (f.layout[1].dims = [4096, 4096])],
    ['a table too short', (f) => (f.layout[1].ends[1] = 0)],
    ['a table too long', (f) => (f.layout[1].ends[1] = 8192)],
    ['a table that is no whole number of blocks', (f) => (f.layout[1].checksums[1] = 100)],
  ])('%s is refused', async (_, change) => {
    expect(await codeWith((footer) => void change(footer))).toBe('ZC_FORMAT_TABLE');
  });

  test('unknown keys and a greater minor version are accepted', async () => {
    const changed = withFooter(shard, (footer) => {
      footer.later = { anything: [1] };
      footer.layout[0].later = 1;
      footer.schema.later = null;
      footer.schema.fields[0].later = 'x';
    });
    expect((await (await openShard(changed)).get(2)).text).toBe('text 2');
  });
});

describe('limits', () => {
  test.each<[string, (footer: Json) => void]>([
    ['SAMPLES_PER_SHARD_MAX', (f) => (f.samples = limits.SAMPLES_PER_SHARD_MAX + 1)],
    ['FIELDS_MAX', (f) => (f.schema.fields = Array(limits.FIELDS_MAX + 1).fill(f.schema.fields[0]))],
    ['FIELD_NAME_BYTES_MAX', (f) => (f.schema.fields[0].name = 'ö'.repeat(65))],
    ['DIMENSIONS_MAX', (f) => (f.schema.fields[0].shape = Array(17).fill(1))],
    ['DIMENSION_MAX', (f) => (f.schema.fields[0].shape = [2 ** 32])],
    ['ROW_BYTES_MAX', (f) => (f.schema.fields[0].shape = [2 ** 20, 2 ** 20])],
    [
      'ROW_BYTES_MAX of products that overflow',
      (f) => (f.schema.fields[0].shape = Array(16).fill(2 ** 32 - 1)),
    ],
    ['METADATA_BYTES_MAX', (f) => (f.schema.metadata = { a: 'x'.repeat(2 ** 20) })],
    ['JSON_DEPTH_MAX', (f) => (f.later = nested(200))],
  ])('%s', async (_, change) => {
    expect(await codeWith((footer) => void change(footer))).toBe('ZC_FORMAT_LIMIT');
  });

  test('JSON_DEPTH_MAX counts no brackets in texts', async () => {
    const later = [nested(198), '"['.repeat(300)];
    const changed = withFooter(shard, (footer) => Object.assign(footer, { later }));
    expect((await openShard(changed)).length).toBe(3);
    expect(await findingIn(withFooterText(shard, '['.repeat(100_000)))).toBe('ZC_FORMAT_LIMIT');
  });

  test('FOOTER_BYTES_MAX', async () => {
    const long = withFooterText(shard, ' '.repeat(limits.FOOTER_BYTES_MAX + 1));
    expect(await findingIn(long)).toBe('ZC_FORMAT_LIMIT');
  });

  test('FILE_BYTES_MAX', () => {
    const size = limits.FILE_BYTES_MAX + 1;
    expect(() => parseTail(shard.subarray(-TAIL_BYTES), size, 'x')).toThrow(/FILE_BYTES_MAX/);
  });

  test('a number of the tail above 2^53 - 1', async () => {
    const out = shard.slice();
    const view = new DataView(out.buffer, out.length - TAIL_BYTES);
    view.setBigUint64(8, 2n ** 53n, true);

    view.setUint32(52, crc32c(out.subarray(-TAIL_BYTES, -12)), true);
    expect(await findingIn(out)).toBe('ZC_FORMAT_LIMIT');
  });
});

/** Arrays in each other. */
function nested(depth: number): Json {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

describe('the schema', () => {
  test.each<[string, (schema: Json) => void]>([
    ['no fields', (s) => (s.fields = [])],
    ['two fields of one name', (s) => (s.fields[1].name = s.fields[0].name)],
    ['an empty name', (s) => (s.fields[0].name = '')],
    ['a control character in a name', (s) => (s.fields[0].name = 'a\n')],
    ['a lone surrogate in a name', (s) => (s.fields[0].name = '\ud800')],
    ['an unknown kind', (s) => (s.fields[0].kind = 'video')],
    ['an unknown dtype', (s) => (s.fields[0].dtype = 'int128')],
    ['an unknown codec', (s) => (s.fields[0].codec = 'lz4')],
    ['a dimension of 0', (s) => (s.fields[0].shape = [0])],
    ['a fractional dimension', (s) => (s.fields[0].shape = [1.5])],
    ['no shape', (s) => delete s.fields[0].shape],
    ['no main field', (s) => delete s.main],
    ['a main field that is not there', (s) => (s.main = 'nobody')],
    ['no codec', (s) => delete s.fields[0].codec],
    ['no checksum', (s) => delete s.fields[0].checksum],
    ['no rowAlign of a variable field', (s) => delete s.fields[1].rowAlign],
    ['rowAlign of a fixed field', (s) => (s.fields[0].rowAlign = 8)],
    ['rowAlign below the element', (s) => (s.fields[1].rowAlign = 1)],
    ['rowAlign that is no power of two', (s) => (s.fields[1].rowAlign = 24)],
    ['rowAlign above 4096', (s) => (s.fields[1].rowAlign = 8192)],
    ['metadata that is not text', (s) => (s.metadata = { a: 1 })],
    ['metadata with a lone surrogate', (s) => (s.metadata = { a: '\ud800' })],
    ['a shape of a text', (s) => (s.fields[3].shape = [])],
    ['a media type of a tensor', (s) => (s.fields[0].mediaType = 'image/png')],
    ['a rowAlign of null', (s) => (s.fields[0].rowAlign = null)],
    ['zstd without a library', (s) => (s.fields[3].codec = 'zstd')],
    ['a library without zstd', (s) => Object.assign(s.fields[3], { codecLibrary: 'x 1', codecLevel: 3 })],
  ])('%s is refused', async (_, change) => {
    expect(await codeWith((footer) => void change(footer.schema))).toBe('ZC_FORMAT_SCHEMA');
  });
});

describe('the table ends', () => {
  const ends = layout[1]!.ends!.offset;
  const setEnd = (row: number, value: bigint) =>
    withTableBlock(shard, ends, (view) => view.setBigUint64(row * 8, value, true));

  test.each([
    ['runs backwards', 1, 0n, 1],
    ['ends behind its region', 1, 2n ** 40n, 1],
    ['ends within an element', 0, 1n, 0],
    ['ends before its region', 2, 10n, 2],
  ])('that %s is refused', async (_, row, value, read) => {
    const reader = await openShard(setEnd(row, value));
    await expect(reader.get(read)).rejects.toMatchObject({ code: 'ZC_FORMAT_TABLE', offset: ends });
    const { damage } = await reader.verify();
    expect(damage.map(({ code }) => code)).toContain('ZC_FORMAT_TABLE');
  });

  test('above 2^53 - 1 is refused', async () => {
    const reader = await openShard(setEnd(1, 2n ** 63n));
    await expect(reader.get(1)).rejects.toMatchObject({ code: 'ZC_FORMAT_LIMIT', offset: ends + 8 });
  });

  test('with another block number is refused', async () => {
    const changed = withTableBlock(shard, ends, (view) => view.setUint32(4088, 1, true));
    await expect((await openShard(changed)).get(0)).rejects.toMatchObject({ code: 'ZC_FORMAT_TABLE' });
  });

  test('with unused entries that are not zero is found by verify', async () => {
    const changed = withTableBlock(shard, ends, (view) => view.setUint32(4080, 1, true));
    const { damage } = await (await openShard(changed)).verify();
    expect(damage.map(({ code }) => code)).toContain('ZC_FORMAT_TABLE');
  });
});

test('an empty row of several ragged dimensions has a shape that could be', async () => {
  const dims = layout[2]!.dims!.offset;
  const withWidth = (width: number) =>
    openShard(withTableBlock(shard, dims, (view) => view.setUint32(4, width, true)));
  expect(await (await withWidth(2 ** 30)).readRow('grid', 0)).toMatchObject({ shape: [0, 2 ** 30] });
  const reader = await withWidth(2 ** 30 + 1);
  await expect(reader.get(0)).rejects.toMatchObject({ code: 'ZC_FORMAT_LIMIT' });
  expect((await reader.verify()).damage.map(({ code }) => code)).toContain('ZC_FORMAT_LIMIT');
});

test('dims that contradict the length are refused, also where their product overflows', async () => {
  const dims = layout[2]!.dims!.offset;
  for (const [height, width] of [
    [2, 2],
    [0, 2],
    [2 ** 32 - 1, 2 ** 32 - 1],
  ]) {
    const changed = withTableBlock(shard, dims, (view) => {
      view.setUint32(8, height!, true);
      view.setUint32(12, width!, true);
    });
    const reader = await openShard(changed);
    await expect(reader.get(1)).rejects.toMatchObject({
      code: 'ZC_FORMAT_TABLE',
      details: { field: 'grid' },
    });
    expect((await reader.verify()).damage.map(({ code }) => code)).toContain('ZC_FORMAT_TABLE');
  }
});

describe('the head', () => {
  test.each([
    ['magic', 0, 'ZC_FORMAT_BAD_MAGIC'],
    ['major version', 8, 'ZC_FORMAT_VERSION'],
    ['must-understand flag', 15, 'ZC_FORMAT_FLAGS'],
    ['length', 20, 'ZC_FORMAT_HEAD'],
  ])('with another %s is refused', async (_, at, code) => {
    expect(await findingIn(withHead(at, 0x40))).toBe(code);
  });

  test('with a greater minor version or may-ignore flags is read', async () => {
    const minor = withFooter(withHead(10, 7), (footer) => {
      footer.version = [1, 7];
    });
    expect((await openShard(minor)).length).toBe(3);
    expect((await (await openShard(withHead(16, 0xff))).get(1)).text).toBe('text 1');
  });

  function withHead(at: number, value: number): Uint8Array {
    const out = shard.slice();
    out[at] = value;
    return withTail(out, { headCrc: crc32c(out.subarray(0, 4096)) });
  }
});

test('a field that becomes a compressed one lacks the table of its decoded lengths', async () => {
  const changed = withFooter(shard, (footer) => {
    Object.assign(footer.schema.fields[3], { codec: 'zstd', codecLibrary: 'zstd 1.5.7', codecLevel: 3 });
  });
  await expect(openShard(changed)).rejects.toMatchObject({ code: 'ZC_FORMAT_TABLE' });
});

test('fields may be named like what every object has', async () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const changed = withFooter(shard, (footer) => {
    footer.schema.main = names[0];
    for (const [i, field] of footer.schema.fields.entries()) field.name = names[i];
  });
  const row = await (await openShard(changed)).get(1);
  expect(Object.keys(row)).toEqual(names);
  expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  expect(row.hasOwnProperty).toBe('text 1');
});

test('rows that are no text, no JSON and no bool are refused and found', async () => {
  const schema = defineSchema({ text: field.text(), json: field.json(), flags: field.tensor('bool', [4]) });
  const good = await makeShard(schema, [{ text: 'abcd', json: 1234, flags: [true, true, true, true] }]);

  for (const [i, name] of ['text', 'json', 'flags'].entries()) {
    const bytes = good.slice();
    const { region, checksums } = (await openShard(good)).footer.layout[i]!;
    bytes.fill(0xff, region.offset, region.offset + region.length);
    const crc = crc32c(bytes.subarray(region.offset, region.offset + region.length));
    const changed = withTableBlock(bytes, checksums.offset, (view) => view.setUint32(0, crc, true));
    const reader = await openShard(changed);
    await expect(reader.get(0)).rejects.toMatchObject({ code: 'ZC_FORMAT_VALUE', details: { field: name } });
    expect((await reader.verify()).damage.map(({ code }) => code)).toContain('ZC_FORMAT_VALUE');
  }
});
