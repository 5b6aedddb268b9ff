import { renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BufferPool, crc32c, encodeReadPlan, ReadEngine } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { rejected, thrown } from './helpers/caught.js';
import { engines, faultyEngine } from './helpers/engines.js';
import { writePattern } from './helpers/pattern.js';
import { KIB, MIB, Reading, ways } from './helpers/reading.js';
import { expectSameBytes } from './helpers/same-bytes.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

describe.each(engines)('$name', ({ backend, faults }) => {
  const on = new Reading({ backend, faults });

  describe.each(ways)('%s', (way) => {
    test('a wrong checksum names the row', async () => {
      using lease = on.pool.acquire()!;
      const right = crc32c(on.bytes.subarray(8192 + 1000, 8192 + 2000));
      const error = await rejected(
        'ZC_IO_CHECKSUM',
        on.engine.read(
          lease,
          encodeReadPlan([
            {
              file: on.file,
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
        path: on.path,
        offset: 8192 + 1000,
        expected: (right ^ 1) >>> 0,
        actual: right,
        details: { tag: 71 },
      });
    });

    test('collects the rows that fail, and reads the others', async () => {
      const cut = join(on.folder, `rows-${backend}-${way}`);
      const rowBytes = 1000;
      const rows = writePattern(cut, 100 * rowBytes);
      const cutFile = on.engine.openFile(cut);
      truncateSync(cut, 90 * rowBytes - 1);
      using lease = on.pool.acquire()!;
      const pieces = Array.from({ length: 100 }, (_, i) => ({
        extentOffset: i * rowBytes,
        length: rowBytes,
        slotOffset: i * rowBytes,
        crc32c: crc32c(rows.subarray(i * rowBytes, (i + 1) * rowBytes)) ^ (i === 17 ? 1 : 0),
        tag: i,
      })).map((piece) => ({ ...piece, crc32c: piece.crc32c >>> 0 }));
      const { failures } = await on.engine.read(
        lease,
        encodeReadPlan([{ file: cutFile, offset: 0, length: 100 * rowBytes, way, pieces }]),
        { failures: 'collect' },
      );
      on.engine.closeFile(cutFile);
      const found = failures.map(({ code, path, details }) => [details.tag, code, path]);
      const gone = Array.from({ length: 11 }, (_, i) => [89 + i, 'ZC_IO_SHORT_READ', cut]);
      expect(found.sort(([a], [b]) => Number(a) - Number(b))).toEqual([[17, 'ZC_IO_CHECKSUM', cut], ...gone]);
      expectSameBytes(new Uint8Array(lease.buffer, 0, 89 * rowBytes), rows.subarray(0, 89 * rowBytes));
    });

    test('a file cut short since it was opened', async () => {
      const cut = join(on.folder, `cut-${backend}-${way}`);
      writePattern(cut, 1 * MIB);
      const cutFile = on.engine.openFile(cut);
      truncateSync(cut, 100 * KIB);
      using lease = on.pool.acquire()!;
      const extent = { ...on.whole(64 * KIB, 128 * KIB, 0, way), file: cutFile };
      const error = await on.engine.read(lease, encodeReadPlan([extent])).catch((error) => error);
      expect(error).toMatchObject({
        code: expect.stringMatching(/^ZC_IO_(SHORT_READ|POISONED)$/),
        path: cut,
        advice: expect.any(String),
      });
      on.engine.closeFile(cutFile);
    });
  });
});

describe.each(backends)('a bad place of the disk, read with %s', (backend) => {
  const rowBytes = 3000;
  const rows = 200;
  const bad = { begin: 100_000, end: 104_096 };
  const on = new Reading({ backend, faults: `EIO[${bad.begin}+${bad.end - bad.begin}]` });
  const isLost = (row: number, unitBytes: number) => {
    const first = Math.floor((row * rowBytes) / unitBytes) * unitBytes;
    const end = Math.ceil(((row + 1) * rowBytes) / unitBytes) * unitBytes;
    return first < bad.end && end > bad.begin;
  };

  describe.each(['direct', 'buffered'] as const)('%s', (way) => {
    const plan = (merged: boolean) => {
      const piece = (row: number, extentOffset: number) => {
        const expected = crc32c(on.bytes.subarray(row * rowBytes, (row + 1) * rowBytes));
        return { extentOffset, length: rowBytes, slotOffset: row * 4096, crc32c: expected, tag: row };
      };
      const all = Array.from({ length: rows }, (_, row) => row);
      return encodeReadPlan(
        merged
          ? [
              {
                ...{ file: on.file, offset: 0, length: rows * rowBytes, way },
                pieces: all.map((row) => piece(row, row * rowBytes)),
              },
            ]
          : all.map((row) => ({
              ...{ file: on.file, offset: row * rowBytes, length: rowBytes, way },
              pieces: [piece(row, 0)],
            })),
      );
    };

    test.each([true, false])(
      'fails the read with the file and the place (one extent: %s)',
      async (merged) => {
        using lease = on.pool.acquire()!;
        const error = await rejected('ZC_IO_READ', on.engine.read(lease, plan(merged)));
        expect(error).toMatchObject({ path: on.path, details: { errno: 5 } });
        expect(error.offset).toBeLessThan(bad.end);
        expect(error.message).toContain('EIO');
        expect(error.message).toContain(`${on.path} @ ${error.offset}`);
      },
    );

    test.each([true, false])('costs only the rows that lie there (one extent: %s)', async (merged) => {
      using lease = on.pool.acquire()!;
      const slot = new Uint8Array(lease.buffer).fill(0xaa);
      const { failures } = await on.engine.read(lease, plan(merged), { failures: 'collect' });
      const lost = failures.map(({ code, path, details }) => ({ code, path, tag: Number(details.tag) }));
      const tags = new Set(lost.map(({ tag }) => tag));
      for (const { code, path, tag } of lost) {
        expect([code, path]).toEqual(['ZC_IO_READ', on.path]);
        // Direct reads are widened to whole blocks.
        expect(isLost(tag, way === 'direct' ? 4096 : 1), `row ${tag}`).toBe(true);
      }
      for (let row = 0; row < rows; row++) {
        if (isLost(row, 1)) expect(tags.has(row), `row ${row}`).toBe(true);
        if (tags.has(row)) continue;
        expectSameBytes(
          slot.subarray(row * 4096, row * 4096 + rowBytes),
          on.bytes.subarray(row * rowBytes, (row + 1) * rowBytes),
        );
      }
    });
  });
});

describe.each(backends)('%s', (backend) => {
  test.each([
    ['EIO@1', 5],
    ['ENOMEM@1', 12],
  ])('%s is the same typed error by every way that reads', async (faults, errno) => {
    const path = join(temporaryFolder(), 'data');
    writePattern(path, 2 * MIB);
    await using engine = faultyEngine(faults, { backend });
    using pool = new BufferPool({ slotBytes: MIB, slots: 1 });
    const file = engine.openFile(path);
    for (const way of ['direct', 'buffered'] as const) {
      using lease = pool.acquire()!;
      const pieces = [{ extentOffset: 0, length: MIB, slotOffset: 0, tag: 9 }];
      const plan = encodeReadPlan([{ file, offset: 4096, length: MIB, way, pieces }]);
      const error = await rejected('ZC_IO_READ', engine.read(lease, plan));
      expect(error).toMatchObject({ path, offset: 4096, details: { errno, tag: 9 } });
    }
  });

  test('faults in words that nobody knows are refused', () => {
    thrown('ZC_ARGUMENT', () => faultyEngine('EIO@0', { backend }));
  });

  test('a file replaced since it was opened is the one that was opened', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'data');
    const bytes = writePattern(path, MIB);
    await using engine = new ReadEngine({ backend });
    using pool = new BufferPool({ slotBytes: MIB, slots: 1 });
    const file = engine.openFile(path);
    writePattern(join(folder, 'other'), MIB, 2);
    renameSync(join(folder, 'other'), path);
    for (const way of ways) {
      using lease = pool.acquire()!;
      const pieces = [{ extentOffset: 0, length: MIB, slotOffset: 0 }];
      await engine.read(lease, encodeReadPlan([{ file, offset: 0, length: MIB, way, pieces }]));
      expectSameBytes(new Uint8Array(lease.buffer), bytes);
    }
  });
});
