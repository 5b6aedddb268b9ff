import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { crc32c, encodeReadPlan } from '../src/index.js';
import { engines } from './helpers/engines.js';
import { pattern, writePattern } from './helpers/pattern.js';
import { KIB, MIB, Reading, ways } from './helpers/reading.js';
import { expectSameBytes } from './helpers/same-bytes.js';

describe.each(engines)('$name', ({ backend, faults }) => {
  const on = new Reading({ backend, faults });

  describe.each(ways)('%s', (way) => {
    test.each([
      ['aligned', 64 * KIB, 1 * MIB, 8 * KIB],
      ['not aligned in the file', 64 * KIB + 13, 1 * MIB, 8 * KIB],
      ['not aligned in the slot', 64 * KIB, 1 * MIB, 8 * KIB + 13],
      ['an odd length', 64 * KIB, 1 * MIB - 13, 8 * KIB],
      ['one byte', 12_345, 1, 99],
      ['the end of the file', on.size - 5000, 5000, 0],
      ['the last byte', on.size - 1, 1, 0],
    ])('%s', async (_, offset, length, slotOffset) => {
      using lease = on.pool.acquire()!;
      const slot = new Uint8Array(lease.buffer).fill(0xaa);
      const result = await on.engine.read(lease, encodeReadPlan([on.whole(offset, length, slotOffset, way)]));
      expectSameBytes(
        slot.subarray(slotOffset, slotOffset + length),
        on.bytes.subarray(offset, offset + length),
      );
      expect(slot[slotOffset - 1] ?? 0xaa).toBe(0xaa);
      expect(slot[slotOffset + length]).toBe(0xaa);
      expect(result.bytesDirect + result.bytesCopied).toBeGreaterThanOrEqual(length);
    });

    test('many rows of an extent, each checked, in another order, some not copied', async () => {
      using lease = on.pool.acquire()!;
      const rowBytes = 3000;
      const rows = 200;
      const start = 4096 * 3 + 40;
      const pieces = Array.from({ length: rows }, (_, i) => {
        const extentOffset = i * rowBytes;
        const row = on.bytes.subarray(start + extentOffset, start + extentOffset + rowBytes);
        const place = i % 10 === 9 ? {} : { slotOffset: (rows - 1 - i) * rowBytes };
        return { extentOffset, length: rowBytes, crc32c: crc32c(row), tag: i, ...place };
      });
      const slot = new Uint8Array(lease.buffer).fill(0xaa);
      await on.engine.read(
        lease,
        encodeReadPlan([{ file: on.file, offset: start, length: rows * rowBytes, way, pieces }]),
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
            : on.bytes.subarray(start + extentOffset, start + extentOffset + rowBytes);
        expectSameBytes(slot.subarray(at, at + rowBytes), expected);
      }
    });
  });

  test('many extents of several files in one batch', async () => {
    const other = join(on.folder, `other-${backend}`);
    const otherBytes = writePattern(other, 2 * MIB, 5);
    const otherFile = on.engine.openFile(other);
    using lease = on.pool.acquire()!;
    const extents = Array.from({ length: 128 }, (_, i) => {
      const extent = on.whole((i * 7919 * 13) % (1 * MIB), 16 * KIB + i, i * 20_000, ways[i % ways.length]!);
      return i % 2 === 0 ? extent : { ...extent, file: otherFile };
    });
    await on.engine.read(lease, encodeReadPlan(extents));
    const slot = new Uint8Array(lease.buffer);
    extents.forEach(({ offset, length, file: from, pieces }) => {
      const at = pieces[0]!.slotOffset!;
      const source = from === on.file ? on.bytes : otherBytes;
      expectSameBytes(slot.subarray(at, at + length), source.subarray(offset, offset + length));
    });
    on.engine.closeFile(otherFile);
  });

  test('many batches at once, in more slots than one', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        using lease = await on.pool.acquireAsync();
        await on.engine.read(lease, encodeReadPlan([on.whole(i * 50_000, 50_000, i, 'auto-direct')]));
        expectSameBytes(
          new Uint8Array(lease.buffer, i, 50_000),
          on.bytes.subarray(i * 50_000, i * 50_000 + 50_000),
        );
      }),
    );
    expect(on.pool.leased).toBe(0);
  });

  test('an empty plan reads nothing', async () => {
    using lease = on.pool.acquire()!;
    expect(await on.engine.read(lease, encodeReadPlan([]))).toEqual({
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
    using lease = on.pool.acquire()!;
    const plan = encodeReadPlan([on.whole(0, 1000, 0, 'buffered')]);
    const reading = on.engine.read(lease, plan);
    plan.fill(Number.NaN);
    await reading;
    expectSameBytes(new Uint8Array(lease.buffer, 0, 1000), on.bytes.subarray(0, 1000));
  });

  test('random plans give the same bytes by every way', async () => {
    const choices = new Uint32Array(pattern(4 * 400, 11).buffer);
    let next = 0;
    const choose = (limit: number) => choices[next++ % choices.length]! % limit;
    for (let round = 0; round < 10; round++) {
      let end = 0;
      const rows = Array.from({ length: 1 + choose(12) }, () => {
        const length = 1 + choose(200_000);
        const slotOffset = end + choose(3) * 512 + choose(2) * choose(100);
        end = slotOffset + length;
        return { offset: choose(on.size - length), length, slotOffset };
      });
      for (const way of ways) {
        using lease = on.pool.acquire()!;
        const plan = rows.map(({ offset, length, slotOffset }) => {
          const checksum = crc32c(on.bytes.subarray(offset, offset + length));
          const piece = { extentOffset: 0, length, slotOffset, crc32c: checksum };
          return { file: on.file, offset, length, way, pieces: [piece] };
        });
        await on.engine.read(lease, encodeReadPlan(plan));
        for (const { offset, length, slotOffset } of rows) {
          expectSameBytes(
            new Uint8Array(lease.buffer, slotOffset, length),
            on.bytes.subarray(offset, offset + length),
          );
        }
      }
    }
  });
});
