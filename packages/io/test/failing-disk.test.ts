import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BufferPool, encodeReadPlan, MappedFile, ReadEngine } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { rejected, thrown } from './helpers/caught.js';
import { writePattern } from './helpers/pattern.js';
import { expectSameBytes } from './helpers/same-bytes.js';
import { canMount, type SmallExt4, smallExt4 } from './helpers/small-disk.js';

const MIB = 2 ** 20;
const DISK_BYTES = 48 * MIB;
const FILE_BYTES = 30 * MIB;
const LEFT_BYTES = 20 * MIB;
const EIO = 5;
const mountable = canMount();
const reason = mountable ? '' : ' (not run: it needs root and loop devices)';

/** A file whose end the disk can no longer read, and of which nothing is in the page cache. */
function failingFile(disk: SmallExt4): { path: string; bytes: Uint8Array } {
  const path = join(disk.path, 'data');
  const bytes = writePattern(path, FILE_BYTES);
  disk.forgetPages();
  disk.cut(LEFT_BYTES);
  return { path, bytes };
}

describe.skipIf(!mountable)(`a file on a disk that lost its end${reason}`, () => {
  describe.each(backends)('read with %s', (backend) => {
    test.each(['direct', 'buffered', 'auto-direct', 'auto-buffered', 'mapped-copy'] as const)(
      '%s: a typed error with the file and the place, and what can be read is right',
      async (way) => {
        using disk = smallExt4(DISK_BYTES);
        const { path, bytes } = failingFile(disk);
        {
          await using engine = new ReadEngine({ backend });
          using pool = new BufferPool({ slotBytes: 2 * MIB, slots: 1 });
          const file = engine.openFile(path);
          const read = async (offset: number) => {
            using lease = pool.acquire()!;
            const pieces = [{ extentOffset: 0, length: MIB, slotOffset: 0, tag: 3 }];
            await engine.read(lease, encodeReadPlan([{ file, offset, length: MIB, way, pieces }]));
            return new Uint8Array(lease.buffer, 0, MIB).slice();
          };
          expectSameBytes(await read(MIB), bytes.subarray(MIB, 2 * MIB));
          const code = way === 'mapped-copy' ? 'ZC_IO_POISONED' : 'ZC_IO_READ';
          const error = await rejected(code, read(28 * MIB));
          expect(error.path).toBe(path);
          expect(error.offset).toBeGreaterThanOrEqual(28 * MIB);
          expect(error.offset).toBeLessThan(29 * MIB);
          if (way !== 'mapped-copy') {
            expect(error.details).toMatchObject({ errno: EIO, tag: 3 });
            expectSameBytes(await read(2 * MIB), bytes.subarray(2 * MIB, 3 * MIB));
          }
          await rejected('ZC_IO_POISONED', engine.prefetch(file, [{ offset: 0, length: FILE_BYTES }]));
        }
      },
    );

    test('with failures: collect the other rows are right', async () => {
      using disk = smallExt4(DISK_BYTES);
      const { path, bytes } = failingFile(disk);
      await using engine = new ReadEngine({ backend });
      using pool = new BufferPool({ slotBytes: 2 * MIB, slots: 1 });
      const file = engine.openFile(path);
      for (const way of ['direct', 'buffered'] as const) {
        using lease = pool.acquire()!;
        const extents = Array.from({ length: 60 }, (_, row) => {
          const pieces = [{ extentOffset: 0, length: 10_000, slotOffset: row * 10_000, tag: row }];
          return { file, offset: row * 500_000, length: 10_000, way, pieces };
        });
        const { failures } = await engine.read(lease, encodeReadPlan(extents), { failures: 'collect' });
        const lost = new Set(failures.map(({ details }) => Number(details.tag)));
        expect(lost.size).toBeGreaterThan(5);
        expect(lost.size).toBeLessThan(55);
        for (let row = 0; row < 60; row++) {
          if (lost.has(row)) continue;
          const found = new Uint8Array(lease.buffer, row * 10_000, 10_000);
          expectSameBytes(found, bytes.subarray(row * 500_000, row * 500_000 + 10_000));
        }
        for (const { code, path: named } of failures) expect([code, named]).toEqual(['ZC_IO_READ', path]);
      }
    });
  });

  test('views of it read as zeros and are poisoned; a copy and populating are typed errors', async () => {
    using disk = smallExt4(DISK_BYTES);
    const { path, bytes } = failingFile(disk);
    using map = new MappedFile(path);
    expectSameBytes(map.view(MIB, 5000), bytes.subarray(MIB, MIB + 5000));
    const error = thrown('ZC_IO_READ', () => map.read(28 * MIB, 5000));
    expect(error).toMatchObject({ path, details: { errno: EIO } });
    map.check();
    expect(map.view(28 * MIB, 5000).every((byte) => byte === 0)).toBe(true);
    expect(thrown('ZC_IO_POISONED', () => map.check()).path).toBe(path);
    await rejected('ZC_IO_POISONED', map.populate(28 * MIB, 5000));
    // What was read before, and what can be, is still there.
    expectSameBytes(map.read(2 * MIB, 5000), bytes.subarray(2 * MIB, 2 * MIB + 5000));
  });
});
