import { readFileSync } from 'node:fs';
import { planFields } from '@zc/format';
import { crc32c, PLAN_EXTENT_NUMBERS, PLAN_HEAD_NUMBERS, PLAN_PIECE_NUMBERS, READ_WAYS } from '@zc/io';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { layOut } from '../src/batches/batch-layout.js';
import { CheckLog } from '../src/reading/check-log.js';
import { type Check, planRows, readTag } from '../src/reading/plan.js';
import { type ExtentRules, PlanWriter } from '../src/reading/plan-writer.js';
import type { RangeReader } from '../src/shards/cached-runs.js';
import { IndexCache } from '../src/shards/index-cache.js';
import { MissingRuns } from '../src/shards/missing-runs.js';
import { ProbeBudget } from '../src/shards/residency.js';
import { Shard } from '../src/shards/shard.js';
import { openShardNow } from '../src/shards/shard-opening.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';
import { shardPaths } from './helpers/page-cache.js';

const COUNT = 400;
const FILE = 3;
let path: string;
let bytes: Uint8Array;
const cache = new IndexCache(2 ** 24);

beforeAll(async () => {
  const samples = everythingSamples(COUNT);
  path = shardPaths(await writeDataset(everything, samples, { shardBytes: 2 ** 30 }))[0]!;
  bytes = readFileSync(path);
});

/** A shard with all of its tables at hand and no row checked yet. */
async function openedShard(): Promise<Shard> {
  const opened = openShardNow(path);
  const readNow = (offset: number, length: number) => opened.bytes.read(offset, length);
  const reader: RangeReader = {
    readNow,
    lend: async (offset, length, use) => use(readNow(offset, length)),
  };
  const shard = new Shard(opened, {
    reader,
    cache,
    cacheShareBytes: cache.maxBytes,
    verify: true,
    residentBytes: () => 0,
    probes: new ProbeBudget(),
  });
  const rows = Float64Array.from({ length: COUNT }, (_, row) => row);
  for (const column of shard.columns) {
    for (const row of rows) column.placeNow(row, 0);
    const missing = new MissingRuns();
    column.needChecksums(rows, 0, COUNT, { all: true, missing, use: 0 });
    await missing.load();
  }
  return shard;
}

interface Planned {
  plan: Float64Array;
  log: CheckLog;
  slotBytes: number;
  slotOffset: number;
  /** What the slot must hold from `slotOffset` on: the rows one after the other. */
  wanted: Uint8Array;
}

/** Plans rows (which may repeat) at scattered places of a batch. */
function planField(
  shard: Shard,
  fieldNumber: number,
  { rows, way, check, rules }: { rows: readonly number[]; way: number; check: Check; rules?: ExtentRules },
): Planned {
  const column = shard.columns[fieldNumber]!;
  const places = rows.map((row) => column.placeNow(row, 0));
  const wanted = Buffer.concat(places.map(({ offset, length }) => bytes.subarray(offset, offset + length)));
  const { fixed, elementBytes } = column.layout;
  const ends = places.map((_, i) =>
    places.slice(0, i + 1).reduce((sum, { length }) => sum + length / elementBytes, 0),
  );
  const offsets = fixed ? undefined : Int32Array.from([0, ...ends]);
  const sorted = rows.map((row, position) => ({ row, position })).sort((a, b) => a.row - b.row);
  const plan = new PlanWriter({ ...(rules && { rules }) });
  const log = new CheckLog();
  const slotOffset = 4096;
  planRows(plan, {
    ...{ column, file: FILE, way, slotOffset, offsets, starts: offsets, check, log },
    rows: Float64Array.from(sorted, ({ row }) => row),
    positions: Uint32Array.from(sorted, ({ position }) => position),
    first: 0,
    end: rows.length,
  });
  return { plan: plan.finish(), log, slotBytes: slotOffset + wanted.length, slotOffset, wanted };
}

interface Carried {
  slot: Uint8Array;
  /** Bytes of the region that some piece checks. */
  checked: Set<number>;
  extents: { offset: number; length: number; pieces: number }[];
  tags: Set<number>;
}

/** Does what the engine does with a plan, as plainly as can be. */
function carryOut(plan: Float64Array, slotBytes: number): Carried {
  const slot = new Uint8Array(slotBytes);
  const carried: Carried = { slot, checked: new Set(), extents: [], tags: new Set() };
  const [extentCount = 0, pieceCount = 0] = plan;
  const piecesAt = PLAN_HEAD_NUMBERS + extentCount * PLAN_EXTENT_NUMBERS;
  expect(plan.length).toBe(piecesAt + pieceCount * PLAN_PIECE_NUMBERS);
  let nextPiece = 0;
  for (let e = 0; e < extentCount; e++) {
    const at = PLAN_HEAD_NUMBERS + e * PLAN_EXTENT_NUMBERS;
    const [file, offset = 0, length = 0, firstPiece, pieces = 0] = plan.subarray(
      at,
      at + PLAN_EXTENT_NUMBERS,
    );
    expect(file).toBe(FILE);
    expect(firstPiece).toBe(nextPiece);
    expect(offset + length).toBeLessThanOrEqual(bytes.length);
    carried.extents.push({ offset, length, pieces });
    for (let p = 0; p < pieces; p++, nextPiece++) {
      const piece = piecesAt + nextPiece * PLAN_PIECE_NUMBERS;
      const [from = 0, count = 0, to = 0, crc = 0, tag = 0] = plan.subarray(
        piece,
        piece + PLAN_PIECE_NUMBERS,
      );
      expect(from + count).toBeLessThanOrEqual(length);
      const data = bytes.subarray(offset + from, offset + from + count);
      if (crc !== -1) {
        expect(crc32c(data)).toBe(crc);
        for (let i = 0; i < count; i++) carried.checked.add(offset + from + i);
      }
      if (to !== -1) slot.set(data, to);
      carried.tags.add(tag);
    }
  }
  expect(nextPiece).toBe(pieceCount);
  return carried;
}

const rowsOf = fc.oneof(
  fc.array(fc.nat(COUNT - 1), { minLength: 1, maxLength: 60 }),
  // Runs of neighbours, as without shuffling.
  fc
    .tuple(fc.nat(COUNT - 50), fc.integer({ min: 1, max: 50 }))
    .map(([from, length]) => Array.from({ length }, (_, i) => from + i)),
);
const plans = planFields(everything);

describe.each(plans.map((plan, i) => [plan.field.name, i] as const))('rows of %s', (_, fieldNumber) => {
  test.each(Object.entries(READ_WAYS))('come to their places by %s, checked', async (_, way) => {
    const shard = await openedShard();
    fc.assert(
      fc.property(rowsOf, fc.constantFrom('all' as const, 'none' as const), (rows, check) => {
        const { plan, slotBytes, slotOffset, wanted } = planField(shard, fieldNumber, { rows, way, check });
        const { slot, checked, tags } = carryOut(plan, slotBytes);
        expect(Buffer.compare(slot.subarray(slotOffset), wanted)).toBe(0);
        for (const row of rows) {
          const { offset, length } = shard.columns[fieldNumber]!.placeNow(row, 0);
          const every = Array.from({ length }, (_, i) => checked.has(offset + i));
          if (check === 'all') expect(every.every(Boolean), `row ${row}`).toBe(true);
        }
        if (check === 'none') expect(checked.size).toBe(0);
        for (const tag of tags) {
          expect(readTag(tag).fieldNumber).toBe(fieldNumber);
          expect(rows).toContain(readTag(tag).row);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('are checked in the map only until they were found right', async () => {
    const way = READ_WAYS['mapped-copy'];
    await fc.assert(
      fc.asyncProperty(rowsOf, rowsOf, async (first, second) => {
        const shard = await openedShard();
        const one = planField(shard, fieldNumber, { rows: first, way, check: 'unmarked' });
        const checkedFirst = carryOut(one.plan, one.slotBytes).checked;
        one.log.commit();
        const two = planField(shard, fieldNumber, { rows: second, way, check: 'unmarked' });
        const checkedSecond = carryOut(two.plan, two.slotBytes).checked;
        for (const row of second) {
          const { offset, length } = shard.columns[fieldNumber]!.placeNow(row, 0);
          const once = Array.from(
            { length },
            (_, i) => checkedFirst.has(offset + i) !== checkedSecond.has(offset + i),
          );
          expect(once.every(Boolean), `row ${row}`).toBe(true);
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe('merging', () => {
  const image = 0;
  const direct = READ_WAYS.direct;

  test('neighbours in file and batch are one read, up to a mebibyte', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => i + 20);
    const { plan, slotBytes } = planField(await openedShard(), image, { rows, way: direct, check: 'none' });
    const { extents } = carryOut(plan, slotBytes);
    expect(extents).toHaveLength(1);
    expect(extents[0]!.length).toBe(100 * 2048);
  });

  test('small gaps are bridged, wide ones are not', async () => {
    const rows = [0, 5, 10, 100, 105, 200];
    const { plan, slotBytes } = planField(await openedShard(), image, { rows, way: direct, check: 'none' });
    const { extents } = carryOut(plan, slotBytes);
    expect(extents.map(({ pieces }) => pieces)).toEqual([3, 2, 1]);
  });

  test('how large reads get and what gaps they bridge can be told', async () => {
    const shard = await openedShard();
    const piecesOf = (rows: number[], rules: ExtentRules) => {
      const planned = planField(shard, image, { rows, way: direct, check: 'none', rules });
      const { slot, extents } = carryOut(planned.plan, planned.slotBytes);
      expect(Buffer.compare(slot.subarray(planned.slotOffset), planned.wanted)).toBe(0);
      return extents.map(({ pieces, length }) => [pieces, length]);
    };
    expect(piecesOf([0, 1, 5], { extentBytes: 2 ** 20, bridgedBytes: 0 })).toEqual([
      [1, 4096],
      [1, 2048],
    ]);
    expect(piecesOf([0, 1, 2, 3, 4], { extentBytes: 4096, bridgedBytes: 0 })).toEqual([
      [1, 4096],
      [1, 4096],
      [1, 2048],
    ]);
    expect(piecesOf([0, 300], { extentBytes: 2 ** 20, bridgedBytes: 2 ** 20 })).toEqual([[2, 301 * 2048]]);
  });

  test('copies from the map are one extent, and neighbours one piece', async () => {
    const rows = [7, 8, 9, 300, 301];
    const way = READ_WAYS['mapped-copy'];
    const { plan, slotBytes } = planField(await openedShard(), image, { rows, way, check: 'none' });
    expect(carryOut(plan, slotBytes).extents.map(({ pieces }) => pieces)).toEqual([2]);
  });
});

test('a batch lies field behind field, each on a page of its own', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 40 }),
      fc.array(fc.nat(50), { minLength: 40, maxLength: 40 }),
      (length, sizes) => {
        const ends = Int32Array.from({ length: length + 1 }, (_, i) =>
          sizes.slice(0, i).reduce((a, b) => a + b, 0),
        );
        const dims = new Float64Array(2 * length);
        const variable = plans.map((plan) =>
          plan.fixed ? undefined : { offsets: ends, dims: plan.storesDims ? dims : undefined },
        );
        const { fields, indicesAt, lengthBytes } = layOut(plans, length, variable);
        let end = 0;
        for (const { plan, offset, lengthBytes: dataBytes, variable: span } of fields) {
          expect(offset % 4096).toBe(0);
          expect(offset).toBeGreaterThanOrEqual(end);
          end = offset + dataBytes;
          if (plan.fixed) expect(dataBytes).toBe(length * plan.rowBytes);
          if (span === undefined) continue;
          expect(span.offsetsAt % 8).toBe(0);
          expect(span.offsetsAt).toBeGreaterThanOrEqual(end);
          expect(span.dimsAt).toBe(span.offsetsAt + (length + 1) * 8);
          end = span.dimsAt + (span.dims?.length ?? 0) * 8;
        }
        expect(indicesAt % 8).toBe(0);
        expect(indicesAt).toBeGreaterThanOrEqual(end);
        expect(lengthBytes).toBe(indicesAt + 8 * length);
      },
    ),
  );
});
