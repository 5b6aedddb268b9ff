import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BufferPool,
  crc32c,
  encodeReadPlan,
  MappedFile,
  ReadEngine,
  type ReadExtent,
  type ReadWay,
} from '../src/index.js';
import { backends } from './helpers/backends.js';
import { rejected, thrown } from './helpers/caught.js';
import { pattern, writePattern } from './helpers/pattern.js';
import { expectSameBytes } from './helpers/same-bytes.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const KIB = 1024;
const MIB = 2 ** 20;
const folder = temporaryFolder();
const path = join(folder, 'data');
const size = 8 * MIB + 777;
const ways: ReadWay[] = ['auto-direct', 'auto-buffered', 'mapped-copy', 'direct', 'buffered'];

describe.each(backends)('%s', (backend) => {
  let bytes: Uint8Array;
  let engine: ReadEngine;
  let file: number;
  const pool = new BufferPool({ slotBytes: 4 * MIB, slots: 4 });

  beforeAll(() => {
    bytes = writePattern(path, size);
    engine = new ReadEngine({ backend });
    file = engine.openFile(path);
  });
  afterAll(() => engine.close());

  /** An extent that goes to the slot as it is. */
  function whole(offset: number, length: number, slotOffset: number, way: ReadWay): ReadExtent {
    return { file, offset, length, way, pieces: [{ extentOffset: 0, length, slotOffset }] };
  }

  test('is what was asked for, and opens files', () => {
    expect(engine.backend).toBe(backend);
    expect(engine.fileSize(file)).toBe(size);
  });

  describe.each(ways)('%s', (way) => {
    test.each([
      ['aligned', 64 * KIB, 1 * MIB, 8 * KIB],
      ['not aligned in the file', 64 * KIB + 13, 1 * MIB, 8 * KIB],
      ['not aligned in the slot', 64 * KIB, 1 * MIB, 8 * KIB + 13],
      ['an odd length', 64 * KIB, 1 * MIB - 13, 8 * KIB],
      ['one byte', 12_345, 1, 99],
      ['the end of the file', size - 5000, 5000, 0],
      ['the last byte', size - 1, 1, 0],
    ])('%s', async (_, offset, length, slotOffset) => {
      using lease = pool.acquire()!;
      const slot = new Uint8Array(lease.buffer).fill(0xaa);
      const result = await engine.read(lease, encodeReadPlan([whole(offset, length, slotOffset, way)]));
      expectSameBytes(
        slot.subarray(slotOffset, slotOffset + length),
        bytes.subarray(offset, offset + length),
      );
      expect(slot[slotOffset - 1] ?? 0xaa).toBe(0xaa);
      expect(slot[slotOffset + length]).toBe(0xaa);
      expect(result.bytesDirect + result.bytesCopied).toBeGreaterThanOrEqual(length);
    });

    test('many rows of an extent, each checked, in another order, some not copied', async () => {
      using lease = pool.acquire()!;
      const rowBytes = 3000;
      const rows = 200;
      const start = 4096 * 3 + 40;
      const pieces = Array.from({ length: rows }, (_, i) => {
        const extentOffset = i * rowBytes;
        const row = bytes.subarray(start + extentOffset, start + extentOffset + rowBytes);
        const place = i % 10 === 9 ? {} : { slotOffset: (rows - 1 - i) * rowBytes };
        return { extentOffset, length: rowBytes, crc32c: crc32c(row), tag: i, ...place };
      });
      const slot = new Uint8Array(lease.buffer).fill(0xaa);
      await engine.read(
        lease,
        encodeReadPlan([{ file, offset: start, length: rows * rowBytes, way, pieces }]),
      );
      for (const { extentOffset, slotOffset, tag } of pieces as {
        extentOffset: number;
        slotOffset?: number;
        tag: number;
      }[]) {
        const at = slotOffset ?? (rows - 1 - tag) * rowBytes;
        const expected =
          slotOffset === undefined
            ? new Uint8Array(rowBytes).fill(0xaa)
            : bytes.subarray(start + extentOffset, start + extentOffset + rowBytes);
        expectSameBytes(slot.subarray(at, at + rowBytes), expected);
      }
    });

    test('a wrong checksum names the row', async () => {
      using lease = pool.acquire()!;
      const right = crc32c(bytes.subarray(8192 + 1000, 8192 + 2000));
      const error = await rejected(
        'ZC_IO_CHECKSUM',
        engine.read(
          lease,
          encodeReadPlan([
            {
              file,
              offset: 8192,
              length: 3000,
              way,
              pieces: [
                { extentOffset: 0, length: 1000, slotOffset: 0, tag: 70 },
                { extentOffset: 1000, length: 1000, slotOffset: 1000, crc32c: (right ^ 1) >>> 0, tag: 71 },
                { extentOffset: 2000, length: 1000, slotOffset: 2000, tag: 72 },
              ],
            },
          ]),
        ),
      );
      expect(error).toMatchObject({
        path,
        offset: 8192 + 1000,
        expected: (right ^ 1) >>> 0,
        actual: right,
        details: { tag: 71 },
      });
    });

    test('collects the rows that fail, and reads the others', async () => {
      const cut = join(folder, `rows-${backend}-${way}`);
      const rowBytes = 1000;
      const rows = writePattern(cut, 100 * rowBytes);
      const cutFile = engine.openFile(cut);
      truncateSync(cut, 90 * rowBytes - 1);
      using lease = pool.acquire()!;
      const pieces = Array.from({ length: 100 }, (_, i) => ({
        extentOffset: i * rowBytes,
        length: rowBytes,
        slotOffset: i * rowBytes,
        crc32c: crc32c(rows.subarray(i * rowBytes, (i + 1) * rowBytes)) ^ (i === 17 ? 1 : 0),
        tag: i,
      })).map((piece) => ({ ...piece, crc32c: piece.crc32c >>> 0 }));
      const { failures } = await engine.read(
        lease,
        encodeReadPlan([{ file: cutFile, offset: 0, length: 100 * rowBytes, way, pieces }]),
        { failures: 'collect' },
      );
      engine.closeFile(cutFile);
      const found = failures.map(({ code, path, details }) => [details.tag, code, path]);
      const gone = Array.from({ length: 11 }, (_, i) => [89 + i, 'ZC_IO_SHORT_READ', cut]);
      expect(found.sort(([a], [b]) => Number(a) - Number(b))).toEqual([[17, 'ZC_IO_CHECKSUM', cut], ...gone]);
      expectSameBytes(new Uint8Array(lease.buffer, 0, 89 * rowBytes), rows.subarray(0, 89 * rowBytes));
    });

    test('a file cut short since it was opened', async () => {
      const cut = join(folder, `cut-${backend}-${way}`);
      writePattern(cut, 1 * MIB);
      const cutFile = engine.openFile(cut);
      truncateSync(cut, 100 * KIB);
      using lease = pool.acquire()!;
      const extent = { ...whole(64 * KIB, 128 * KIB, 0, way), file: cutFile };
      const error = await engine.read(lease, encodeReadPlan([extent])).catch((error) => error);
      expect(error).toMatchObject({
        code: expect.stringMatching(/^ZC_IO_(SHORT_READ|POISONED)$/),
        path: cut,
        advice: expect.any(String),
      });
      engine.closeFile(cutFile);
    });
  });

  test('many extents of several files in one batch', async () => {
    const other = join(folder, `other-${backend}`);
    const otherBytes = writePattern(other, 2 * MIB, 5);
    const otherFile = engine.openFile(other);
    using lease = pool.acquire()!;
    const extents = Array.from({ length: 128 }, (_, i) => {
      const extent = whole((i * 7919 * 13) % (1 * MIB), 16 * KIB + i, i * 20_000, ways[i % ways.length]!);
      return i % 2 === 0 ? extent : { ...extent, file: otherFile };
    });
    await engine.read(lease, encodeReadPlan(extents));
    const slot = new Uint8Array(lease.buffer);
    extents.forEach(({ offset, length, file: from, pieces }) => {
      const at = pieces[0]!.slotOffset!;
      const source = from === file ? bytes : otherBytes;
      expectSameBytes(slot.subarray(at, at + length), source.subarray(offset, offset + length));
    });
    engine.closeFile(otherFile);
  });

  test('many batches at once, in more slots than one', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        using lease = await pool.acquireAsync();
        await engine.read(lease, encodeReadPlan([whole(i * 50_000, 50_000, i, 'auto-direct')]));
        expectSameBytes(
          new Uint8Array(lease.buffer, i, 50_000),
          bytes.subarray(i * 50_000, i * 50_000 + 50_000),
        );
      }),
    );
    expect(pool.leased).toBe(0);
  });

  test('an empty plan reads nothing', async () => {
    using lease = pool.acquire()!;
    expect(await engine.read(lease, encodeReadPlan([]))).toEqual({
      bytesDirect: 0,
      bytesStaged: 0,
      bytesCopied: 0,
      bytesResident: 0,
      readMs: 0,
      checkMs: 0,
      copyMs: 0,
      failures: [],
    });
  });

  test('the plan may be used again as soon as the call has returned', async () => {
    using lease = pool.acquire()!;
    const plan = encodeReadPlan([whole(0, 1000, 0, 'buffered')]);
    const reading = engine.read(lease, plan);
    plan.fill(Number.NaN);
    await reading;
    expectSameBytes(new Uint8Array(lease.buffer, 0, 1000), bytes.subarray(0, 1000));
  });

  describe('a plan that does not fit is refused before anything is read', () => {
    const good = () => encodeReadPlan([whole(0, 1000, 0, 'buffered')]);
    const cases: [string, (plan: Float64Array) => Float64Array][] = [
      ['no numbers', () => new Float64Array(0)],
      ['cut short', (plan) => plan.subarray(0, plan.length - 1)],
      ['too long', (plan) => Float64Array.of(...plan, 0)],
      ['more extents than there are', (plan) => plan.with(0, 2)],
      ['2^53 extents', (plan) => plan.with(0, 2 ** 53)],
      ['a negative count', (plan) => plan.with(0, -1)],
      ['no number', (plan) => plan.with(1, Number.NaN)],
      ['a file that is not open', (plan) => plan.with(2, 12_345)],
      ['a fraction of a file', (plan) => plan.with(2, 0.5)],
      ['a negative offset', (plan) => plan.with(3, -1)],
      ['an offset behind the file', (plan) => plan.with(3, size)],
      ['an infinite length', (plan) => plan.with(4, Number.POSITIVE_INFINITY)],
      ['a length beyond the file', (plan) => plan.with(4, size + 1)],
      ['pieces that are not there', (plan) => plan.with(6, 2)],
      ['a first piece that is not there', (plan) => plan.with(5, 1)],
      ['a way that is none', (plan) => plan.with(7, 5)],
      ['a piece beyond its extent', (plan) => plan.with(8, 1)],
      ['a piece beyond the slot', (plan) => plan.with(10, 4 * MIB - 999)],
      ['a slot offset of -2', (plan) => plan.with(10, -2)],
      ['a checksum of 33 bits', (plan) => plan.with(11, 2 ** 32)],
    ];
    test.each(cases)('%s', async (_, spoil) => {
      using lease = pool.acquire()!;
      const slot = new Uint8Array(lease.buffer).fill(0xaa);
      const plan = spoil(good());
      await rejected('ZC_ARGUMENT', engine.read(lease, plan));
      expect(slot.every((byte) => byte === 0xaa)).toBe(true);
      // Nothing of it is left behind.
      expect(engine.stats.batchesInFlight).toBe(0);
    });

    test('something else than numbers', async () => {
      using lease = pool.acquire()!;
      await rejected('ZC_ARGUMENT', engine.read(lease, [0, 0] as unknown as Float64Array));
    });
  });

  test('a lease that has ended is refused', async () => {
    const lease = pool.acquire()!;
    lease.release();
    await rejected('ZC_IO_CLOSED', engine.read(lease, encodeReadPlan([])));
  });

  test('a slot whose lease ends during the read is not leased again before its end', async () => {
    const small = new BufferPool({ slotBytes: 4 * MIB, slots: 1 });
    const lease = small.acquire()!;
    const { buffer } = lease;
    const reading = engine.read(lease, encodeReadPlan([whole(0, 4 * MIB, 0, 'direct')]));
    lease.release();
    expect([buffer.byteLength, small.leased, small.acquire()]).toEqual([0, 1, null]);
    const next = small.acquireAsync();
    await reading;
    using again = await next;
    expectSameBytes(new Uint8Array(again.buffer), bytes.subarray(0, 4 * MIB));
  });

  describe('files', () => {
    test('that are not there cannot be opened', () => {
      const missing = join(folder, 'none');
      expect(thrown('ZC_IO_OPEN', () => engine.openFile(missing))).toMatchObject({
        path: missing,
        details: { errno: 2 },
      });
    });

    test('that were closed cannot be read', async () => {
      const closed = engine.openFile(path);
      engine.closeFile(closed);
      using lease = pool.acquire()!;
      await rejected(
        'ZC_ARGUMENT',
        engine.read(lease, encodeReadPlan([{ ...whole(0, 1, 0, 'buffered'), file: closed }])),
      );
      thrown('ZC_ARGUMENT', () => engine.closeFile(closed));
      thrown('ZC_ARGUMENT', () => engine.fileSize(closed));
    });

    test('that are closed during a read are read to the end', async () => {
      const own = engine.openFile(path);
      using lease = pool.acquire()!;
      const reading = engine.read(lease, encodeReadPlan([{ ...whole(0, 4 * MIB, 0, 'direct'), file: own }]));
      engine.closeFile(own);
      await reading;
      expectSameBytes(new Uint8Array(lease.buffer), bytes.subarray(0, 4 * MIB));
    });
  });

  describe('a signal', () => {
    test('that has fired already', async () => {
      using lease = pool.acquire()!;
      const error = await rejected(
        'ZC_ABORTED',
        engine.read(lease, encodeReadPlan([]), { signal: AbortSignal.abort('why') }),
      );
      expect(error.cause).toBe('why');
    });

    test('that fires during a read ends it, or comes too late; the slot comes back', async () => {
      const abort = new AbortController();
      using lease = pool.acquire()!;
      const plan = encodeReadPlan(
        Array.from({ length: 64 }, (_, i) => whole(i * 64 * KIB, 64 * KIB, i * 64 * KIB, 'direct')),
      );
      const reading = engine.read(lease, plan, { signal: abort.signal }).catch((error) => error);
      abort.abort('enough');
      const outcome = await reading;
      if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'ZC_ABORTED', cause: 'enough' });
      lease.release();
      expect(pool.leased).toBe(0);
    });
  });

  test('prefetching brings a range into the page cache', async () => {
    const ahead = join(folder, `ahead-${backend}`);
    writePattern(ahead, 4 * MIB);
    const aheadFile = engine.openFile(ahead);
    await engine.prefetch(aheadFile, 1 * MIB, 2 * MIB);
    using map = new MappedFile(ahead);
    expect(map.residentBytes(1 * MIB, 2 * MIB)).toBe(2 * MIB);
    await rejected('ZC_ARGUMENT', engine.prefetch(aheadFile, 4 * MIB, 1));
    await rejected('ZC_ARGUMENT', engine.prefetch(aheadFile, -1, 1));
    engine.closeFile(aheadFile);
  });

  test('counts what it does', async () => {
    const before = engine.stats;
    using lease = pool.acquire()!;
    await engine.read(lease, encodeReadPlan([whole(0, 1 * MIB, 0, 'direct')]));
    expect(engine.stats.batchesDone).toBe(before.batchesDone + 1);
    expect(engine.stats.bytesRead).toBeGreaterThanOrEqual(before.bytesRead + 1 * MIB);
  });

  describe('closing', () => {
    test('ends what is in flight, with every slot given back', async () => {
      const closing = new ReadEngine({ backend });
      const own = closing.openFile(path);
      const reading = Array.from({ length: 4 }, async () => {
        using lease = await pool.acquireAsync();
        return closing.read(lease, encodeReadPlan([{ ...whole(0, 4 * MIB, 0, 'direct'), file: own }]));
      });
      await setTimeout(0);
      const outcomes = Promise.allSettled(reading);
      await closing.close();
      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ZC_IO_CLOSED' });
      }
      expect(pool.leased).toBe(0);
    });

    test('twice is once; afterwards everything is refused', async () => {
      const closed = new ReadEngine({ backend });
      await Promise.all([closed.close(), closed.close()]);
      using lease = pool.acquire()!;
      await rejected('ZC_IO_CLOSED', closed.read(lease, encodeReadPlan([])));
      await rejected('ZC_IO_CLOSED', closed.prefetch(0, 0, 1));
      thrown('ZC_IO_CLOSED', () => closed.openFile(path));
      thrown('ZC_IO_CLOSED', () => closed.closeFile(0));
    });
  });
});

test('random plans give the same bytes by every way on every backend', async () => {
  const bytes = writePattern(join(folder, 'random'), 3 * MIB + 11, 3);
  const choices = new Uint32Array(pattern(4 * 400, 11).buffer);
  let next = 0;
  const choose = (limit: number) => choices[next++ % choices.length]! % limit;
  const plans = Array.from({ length: 10 }, () => {
    let slotOffset = 0;
    return Array.from({ length: 1 + choose(12) }, () => {
      const length = 1 + choose(200_000);
      const offset = choose(bytes.length - length);
      slotOffset += choose(3) * 512 + choose(2) * choose(100);
      const piece = { offset, length, slotOffset };
      slotOffset += length;
      return piece;
    });
  });
  using pool = new BufferPool({ slotBytes: 4 * MIB, slots: 1 });
  for (const backend of backends) {
    await using engine = new ReadEngine({ backend });
    const file = engine.openFile(join(folder, 'random'));
    for (const way of ways) {
      for (const plan of plans) {
        using lease = pool.acquire()!;
        await engine.read(
          lease,
          encodeReadPlan(
            plan.map(({ offset, length, slotOffset }) => ({
              file,
              offset,
              length,
              way,
              pieces: [
                {
                  extentOffset: 0,
                  length,
                  slotOffset,
                  crc32c: crc32c(bytes.subarray(offset, offset + length)),
                },
              ],
            })),
          ),
        );
        for (const { offset, length, slotOffset } of plan) {
          expectSameBytes(
            new Uint8Array(lease.buffer, slotOffset, length),
            bytes.subarray(offset, offset + length),
          );
        }
      }
    }
  }
});

test('a backend that there is not', () => {
  thrown('ZC_ARGUMENT', () => new ReadEngine({ backend: 'magic' as never }));
});

test('ZC_IO_BACKEND decides for auto, and only for auto', async () => {
  process.env.ZC_IO_BACKEND = 'threads';
  try {
    await using automatic = new ReadEngine();
    expect(automatic.backend).toBe('threads');
    await using named = new ReadEngine({ backend: backends[0] });
    expect(named.backend).toBe(backends[0]);
    process.env.ZC_IO_BACKEND = 'magic';
    thrown('ZC_ARGUMENT', () => new ReadEngine());
  } finally {
    delete process.env.ZC_IO_BACKEND;
  }
});
