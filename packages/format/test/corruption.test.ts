import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  BLOCK_BYTES,
  decodeTableBlockU32,
  decodeTableBlockU64,
  defineSchema,
  field,
  HEAD_BYTES,
  type Part,
  TAIL_BYTES,
} from '../src/index.js';
import { makeShard } from './helpers/make-shard.js';
import { findingIn, openShard } from './helpers/open-shard.js';

const explained = new Uint8Array(readFileSync(new URL('golden/explained.zcs', import.meta.url)));

/** Both checksum units, paddings between rows, tables of every kind. */
const everyKind = await makeShard(
  defineSchema({
    aligned: field.tensor('int16', [null], { rowAlign: 16 }),
    grid: field.tensor('uint8', [null, null], { checksum: 'block' }),
    flags: field.tensor('bool', [3]),
    note: field.json(),
  }),
  [1, 2, 3].map((i) => ({
    aligned: new Int16Array(i).fill(-i),
    grid: { data: new Uint8Array(i * 2).fill(i), shape: [i, 2] },
    flags: [true, false, i === 2],
    note: { i },
  })),
);

describe('a shard that was cut', () => {
  test('at any byte is refused', async () => {
    const missed: number[] = [];
    for (let length = 0; length < explained.length; length++) {
      if ((await findingIn(explained.subarray(0, length))) === undefined) missed.push(length);
    }
    expect(missed).toEqual([]);
  });

  test('is told from a file that never was one', async () => {
    await expect(openShard(explained.subarray(0, 20_000))).rejects.toMatchObject({
      code: 'ZC_FORMAT_TRUNCATED',
      path: 'test.zcs',
    });
    await expect(openShard(new Uint8Array(20_000))).rejects.toMatchObject({ code: 'ZC_FORMAT_BAD_MAGIC' });
    await expect(openShard(new Uint8Array(10))).rejects.toMatchObject({ code: 'ZC_FORMAT_TRUNCATED' });
  });

  test('or has grown is refused', async () => {
    const longer = new Uint8Array(explained.length + 1);
    longer.set(explained);
    expect(await findingIn(longer)).toBe('ZC_FORMAT_TRUNCATED');
    // As long as it looks, for its end is a tail again.
    const doubled = new Uint8Array(explained.length * 2);
    doubled.set(explained);
    doubled.set(explained, explained.length);
    expect(await findingIn(doubled)).toBe('ZC_FORMAT_FOOTER');
  });
});

describe.each([
  ['explained.zcs', explained, 1],
  // A table of any field is one of the same two kinds.
  ['a shard of every kind', everyKind, 7],
])('%s', (_, shard, bitStep) => {
  test('is found right as it is', async () => {
    expect(await findingIn(shard)).toBeUndefined();
  });

  test('one flipped bit of head, footer and tail is refused when it is opened', async () => {
    const footerAt = Number(new DataView(shard.buffer).getBigUint64(shard.length - TAIL_BYTES, true));
    const parts = [...range(0, HEAD_BYTES), ...range(footerAt, shard.length)];
    const missed: string[] = [];
    for (const at of parts) {
      // The zeros of the head are all alike; of them one bit a byte will do.
      const bits = at >= 24 && at < HEAD_BYTES ? [at % 8] : range(0, 8);
      for (const bit of bits) {
        await openShard(flipped(shard, at, bit)).then(
          () => missed.push(`${at}.${bit}`),
          (error) => error.code.startsWith('ZC_FORMAT_') || missed.push(`${at}.${bit} ${error}`),
        );
      }
    }
    expect(missed).toEqual([]);
  });

  test('a flipped bit of a table is refused when its block is read', async () => {
    const missed: string[] = [];
    for (const [part, decode] of await tablesOf(shard)) {
      for (let at = 0; at < part.length * 8; at += bitStep) {
        const number = Math.floor(at / 8 / BLOCK_BYTES);
        const start = part.offset + number * BLOCK_BYTES;
        const block = shard.slice(start, start + BLOCK_BYTES);
        block[(at >> 3) % BLOCK_BYTES]! ^= 1 << (at & 7);
        const code = codeOf(() => decode(block, number, { name: 'test.zcs', offset: start }));
        if (!code?.startsWith('ZC_FORMAT_')) missed.push(`${start}.${at} ${code}`);
      }
    }
    expect(missed).toEqual([]);
  });

  test('one flipped bit is found by verify: all of rows, one of each thirteenth byte elsewhere', async () => {
    const { layout } = (await openShard(shard)).footer;
    const isRow = (at: number) =>
      layout.some(({ region }) => at >= region.offset && at < region.offset + region.length);
    const missed: string[] = [];
    for (let at = 0; at < shard.length; at++) {
      if (!isRow(at) && at % 13 !== 0) continue;
      for (const bit of isRow(at) ? range(0, 8) : [(at * 7) % 8]) {
        if ((await findingIn(flipped(shard, at, bit))) === undefined) missed.push(`${at}.${bit}`);
      }
    }
    expect(missed).toEqual([]);
  });
});

test('reading a damaged row is refused, and its neighbours are read', async () => {
  const schema = defineSchema({ photo: field.bytes() });
  const shard = await makeShard(
    schema,
    [1, 2, 3].map((i) => ({ photo: new Uint8Array(100).fill(i) })),
  );
  const reader = await openShard(flipped(shard, 4096 + 150, 3));
  await expect(reader.get(1)).rejects.toMatchObject({
    code: 'ZC_FORMAT_CHECKSUM',
    path: 'test.zcs',
    offset: 4096 + 100,
    details: { field: 'photo', row: 1 },
  });
  expect((await reader.get(0)).photo).toEqual(new Uint8Array(100).fill(1));
  expect((await reader.get(2)).photo).toEqual(new Uint8Array(100).fill(3));
});

test('verify lists every damaged row with its place', async () => {
  const schema = defineSchema({ photo: field.bytes(), text: field.text() });
  const samples = range(0, 50).map((i) => ({ photo: new Uint8Array(100).fill(i), text: `row ${i}` }));
  const shard = await makeShard(schema, samples);
  for (const row of [3, 17, 49]) shard[4096 + row * 100 + 50]! ^= 1;
  const report = await (await openShard(shard)).verify();
  expect(report).toMatchObject({ ok: false, damageCount: 3, samples: 50, bytes: shard.length });
  expect(report.damage.map(({ offset, details }) => [offset, details.field, details.row])).toEqual(
    [3, 17, 49].map((row) => [4096 + row * 100, 'photo', row]),
  );
});

test('verify tells how far it is and ends when it is told to', async () => {
  const reader = await openShard(explained);
  const done: number[] = [];
  await reader.verify({ onProgress: ({ doneBytes }) => done.push(doneBytes) });
  expect(done.length).toBeGreaterThan(3);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(done.at(-1)).toBeLessThanOrEqual(explained.length);
  const signal = AbortSignal.abort();
  await expect(reader.verify({ signal })).rejects.toMatchObject({ code: 'ZC_ABORTED' });
});

type Decode = typeof decodeTableBlockU32 | typeof decodeTableBlockU64;

async function tablesOf(shard: Uint8Array): Promise<[Part, Decode][]> {
  const { layout } = (await openShard(shard)).footer;
  return layout.flatMap(({ ends, dims, checksums }): [Part, Decode][] => [
    ...(ends ? [[ends, decodeTableBlockU64] as [Part, Decode]] : []),
    ...(dims ? [[dims, decodeTableBlockU32] as [Part, Decode]] : []),
    [checksums, decodeTableBlockU32],
  ]);
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const out = bytes.slice();
  out[at]! ^= 1 << bit;
  return out;
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}
