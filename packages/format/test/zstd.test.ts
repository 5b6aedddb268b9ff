import { readFileSync } from 'node:fs';
import { isZcError } from '@zc/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c, defineSchema, type Field, field, limits, ShardWriter, type Tensor } from '../src/index.js';
import { decodeZstd } from '../src/zstd.js';
import { goldenValue } from './helpers/golden-value.js';
import { makeShard } from './helpers/make-shard.js';
import { memorySink } from './helpers/memory-sink.js';
import { openShard } from './helpers/open-shard.js';
import { rawFrame, rawZstd } from './helpers/raw-zstd.js';
import type { Json } from './helpers/rewrite-shard.js';

const place = { name: 'test', field: 'x', row: 0, offset: 0 };
const by = { codec: 'zstd', codecLibrary: rawZstd.library, codecLevel: 1 } as const;

describe('the golden shard that libzstd wrote', async () => {
  const folder = new URL('golden/zstd/', import.meta.url);
  const bytes = new Uint8Array(readFileSync(new URL('zstd.zcs', folder)));
  const golden = JSON.parse(readFileSync(new URL('zstd.json', folder), 'utf8')) as Json;
  const shard = await openShard(bytes);

  test('is read as zstd.json tells it', async () => {
    expect(shard.uuid).toBe(golden.uuid);
    for (let i = 0; i < shard.length; i++) {
      const row = (await shard.get(i)) as Record<string, unknown>;
      for (const one of shard.schema.fields as Field[]) {
        const expected = goldenValue(one, golden.samples[i][one.name]);
        expect(row[one.name], `row ${i} of ${one.name}`).toEqual(expected);
      }
    }
    expect((await shard.verify()).damage).toEqual([]);
  });

  test('is smaller than its rows', () => {
    const { region } = shard.footer.layout.find((layout) => layout.field.name === 'image')!;
    expect(region.length).toBeLessThan((golden.samples.length * 6000) / 4);
  });

  test('frames with any bit turned decode to as many bytes as they claim, or to an error of ours', () => {
    const { region } = shard.footer.layout.find((layout) => layout.field.name === 'image')!;
    const frame = bytes.slice(region.offset, region.offset + region.length);
    const first = frame.subarray(0, firstFrameBytes(frame));
    fc.assert(
      fc.property(fc.nat(first.length * 8 - 1), (bit) => {
        const changed = first.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        try {
          expect(decodeZstd(changed, place, 6000).length).toBe(6000);
        } catch (error) {
          expect(isZcError(error)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('every kind of field comes back as it was written', async () => {
  const schema = defineSchema({
    fixed: field.tensor('uint16', [300, 300], by),
    ragged: field.tensor('float32', [null, 3], by),
    both: field.tensor('uint8', [null, null], by),
    photo: field.bytes({ ...by, rowAlign: 16 }),
    caption: field.text(by),
    notes: field.json({ ...by, checksum: 'row' }),
    flag: field.tensor('bool', [], by),
    plain: field.text(),
  });
  const samples = [0, 1, 2, 3, 4].map((n) => ({
    fixed: Uint16Array.from({ length: 90_000 }, (_, i) => i * n),
    ragged: Float32Array.from({ length: 3 * n }, (_, i) => i / 2),
    both: { data: new Uint8Array(6 * n).fill(n), shape: [2 * n, 3] },
    photo: new Uint8Array(n * 70_000).fill(n),
    caption: 'é'.repeat(n * 900),
    notes: { n },
    flag: n % 2 === 0,
    plain: `row ${n}`,
  }));
  const shard = await openShard(await makeShard(schema, samples, rawZstd));
  let n = 0;
  for await (const row of shard.rows()) {
    const { fixed, ragged, both, ...rest } = row as Record<string, Tensor>;
    const { fixed: data, ragged: flat, both: grid, ...others } = samples[n]!;
    expect([fixed!.data, ragged!.data, ragged!.shape]).toEqual([data, flat, [n, 3]]);
    expect([both!.data, both!.shape]).toEqual([grid.data, grid.shape]);
    expect(rest).toEqual(others);
    n++;
  }
  expect((await shard.verify()).damage).toEqual([]);
});

test('a writer refuses another compressor than the schema names, and one that makes other frames', async () => {
  const schema = defineSchema({ a: field.text({ ...by, codecLibrary: 'zstd 1.5.7' }) });
  const creating = ShardWriter.create(memorySink(), { schema, zstd: rawZstd });
  await expect(creating).rejects.toMatchObject({ code: 'ZC_FORMAT_CODEC', expected: 'zstd 1.5.7' });

  const wrong = { ...rawZstd, compress: (bytes: Uint8Array) => rawFrame(bytes.subarray(1)) };
  const writing = makeShard(defineSchema({ a: field.text(by) }), [{ a: 'text' }], wrong);
  await expect(writing).rejects.toMatchObject({ code: 'ZC_FORMAT_CODEC', expected: 4, actual: 3 });
});

const content = new Uint8Array(300).fill(9);
const good = rawFrame(content);
const changed = (at: number, value: number) => {
  const frame = good.slice();
  frame[at] = value;
  return frame;
};
/** A bomb: one byte, repeated in each of many blocks of 128 KiB. */
const runs = (blocks: number, claims: number) => {
  const block = (isLast: boolean) => Uint8Array.of((isLast ? 1 : 0) | 2, 0, 0x10, 0);
  return Buffer.concat([
    rawFrame(new Uint8Array(0), claims).subarray(0, 9),
    ...Array.from({ length: blocks }, (_, i) => block(i === blocks - 1)),
  ]);
};
/** Not a single segment: with a window of its own. */
const windowed = (descriptor: number) => {
  const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x80, descriptor, 300 & 255, 300 >> 8, 0, 0);
  return Buffer.concat([header, good.subarray(9)]);
};

test('good frames decode', () => {
  expect(decodeZstd(good, place)).toEqual(content);
  expect(decodeZstd(windowed(0), place, 300)).toEqual(content);
  expect(decodeZstd(runs(3, 3 * 131_072), place).length).toBe(3 * 131_072);
});

test.each([
  ['nothing', new Uint8Array(0)],
  ['text', new Uint8Array(Buffer.from('not a frame'))],
  ['a skippable frame', Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2)],
  ['a skippable frame behind it', Buffer.concat([good, Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0)])],
  ['two frames', Buffer.concat([good, good])],
  ['a dictionary', changed(4, 0xa1)],
  ['a reserved bit', changed(4, 0xa8)],
  ['a reserved type of block', changed(9, good[9]! | 6)],
  ['no content size', changed(4, 0x00)],
  ['a claim of more than it holds', rawFrame(content, 301)],
  ['a claim of less than it holds', rawFrame(content, 299)],
  ['a claim of more than its blocks could hold', rawFrame(content, 2 ** 29)],
  ['a window larger than its content', windowed(10 << 3)],
  ['blocks beyond the claim', runs(64, 131_072)],
])('%s is refused', (_name, frame) => {
  expect(codeOf(() => decodeZstd(frame, place))).toBe('ZC_FORMAT_VALUE');
});

test('a frame that is cut anywhere is refused', () => {
  for (let length = 0; length < good.length; length++) {
    expect(codeOf(() => decodeZstd(good.subarray(0, length), place))).toBe('ZC_FORMAT_VALUE');
  }
});

test('a claim beyond the limit of a row is refused as such', () => {
  expect(codeOf(() => decodeZstd(runs(8193, limits.ROW_BYTES_MAX + 1), place))).toBe('ZC_FORMAT_LIMIT');
});

test('a frame that fits itself but not its row is refused, and found by verifying', async () => {
  const schema = defineSchema({ a: field.tensor('uint8', [300], { ...by, checksum: 'block' }) });
  const bytes = await makeShard(schema, [{ a: content }], rawZstd);
  const { region, checksums } = (await openShard(bytes)).footer.layout[0]!;
  // One byte shorter, and then a checksum of the content that nobody looks at would be cut: the row keeps its length.
  const other = Buffer.concat([rawFrame(content.subarray(1)), Uint8Array.of(0)]);
  bytes.set(other, region.offset);
  const view = new DataView(bytes.buffer, checksums.offset, 4096);
  view.setUint32(0, crc32c(bytes.subarray(region.offset, region.offset + region.length)), true);
  view.setUint32(4092, crc32c(new Uint8Array(bytes.buffer, checksums.offset, 4092)), true);
  const reader = await openShard(bytes);
  await expect(reader.get(0)).rejects.toMatchObject({
    code: 'ZC_FORMAT_VALUE',
    details: { field: 'a', row: 0 },
  });
  expect((await reader.verify()).damage.map(({ code }) => code)).toContain('ZC_FORMAT_VALUE');
});

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return isZcError(error) ? error.code : undefined;
  }
  return undefined;
}

/** The length of the first of several frames: the others are cut off until it stands alone. */
function firstFrameBytes(frames: Uint8Array): number {
  const next = frames.findIndex(
    (_, at) => at > 0 && frames[at] === 0x28 && frames[at + 1] === 0xb5 && frames[at + 2] === 0x2f,
  );
  return next < 0 ? frames.length : next;
}
