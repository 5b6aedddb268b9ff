import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { crc32c, ReadEngine, type RowColumn, RowTable } from '../src/index.js';
import { rejected, thrown } from './helpers/caught.js';
import { pattern, writePattern } from './helpers/pattern.js';
import { Reading } from './helpers/reading.js';

const ROW = 3000;
const on = new Reading({ backend: 'threads' });
/** 100 rows of the file, with labels of their own. */
const labels = pattern(100 * 8, 3);
const tableOf = (engine = on.engine, file = on.file) => {
  const table = new RowTable({ firstRows: Float64Array.of(0, 100), rowBytes: [ROW, 8] });
  engine.addRows(table, 0, file, [4096, labels]);
  return table;
};
const rowOf = (row: number) => on.bytes.subarray(4096 + row * ROW, 4096 + (row + 1) * ROW);
const places = Float64Array.of(40_000, 0, 20_000);

test('rows are copied by their numbers', async () => {
  using lease = on.pool.acquire()!;
  const numbers = Float64Array.of(99, 0, 5, 5);
  const { bytesResident, bytesCopied, failures } = await on.engine.readRows(
    lease,
    tableOf(),
    numbers,
    places,
  );
  expect({ bytesResident, bytesCopied, failures }).toEqual({
    ...{ bytesResident: 4 * ROW, bytesCopied: 4 * ROW, failures: [] },
  });
  const slot = Buffer.from(lease.buffer);
  numbers.forEach((number, i) => {
    expect(slot.subarray(i * ROW, (i + 1) * ROW).equals(rowOf(number))).toBe(true);
    expect(
      slot
        .subarray(20_000 + i * 8)
        .subarray(0, 8)
        .equals(labels.subarray(number * 8, number * 8 + 8)),
    ).toBe(true);
  });
  expect(new BigInt64Array(lease.buffer, 40_000, 4)).toEqual(BigInt64Array.of(99n, 0n, 5n, 5n));
});

test('rows with checksums are checked with each copy', async () => {
  const checksums = Uint32Array.from({ length: 100 }, (_, row) => crc32c(rowOf(row)));
  checksums[7]! ^= 1;
  const table = new RowTable({ firstRows: Float64Array.of(0, 100), rowBytes: [ROW] });
  on.engine.addRows(table, 0, on.file, [{ offset: 4096, checksums }]);
  using lease = on.pool.acquire()!;
  const read = (...numbers: number[]) =>
    on.engine.readRows(lease, table, Float64Array.from(numbers), Float64Array.of(-1, 0));
  await read(99, 0, 6);
  expect(Buffer.from(lease.buffer, ROW, ROW).equals(rowOf(0))).toBe(true);
  const error = await rejected('ZC_IO_CHECKSUM', read(99, 7));
  expect(error).toMatchObject({
    ...{ path: on.path, offset: 4096 + 7 * ROW, expected: checksums[7], actual: crc32c(rowOf(7)) },
  });
});

test.each([-1, 100, 0.5, Number.NaN, 2 ** 60])('a table does not hold row %d', async (number) => {
  const table = tableOf();
  using lease = on.pool.acquire()!;
  expect(table.holds(Float64Array.of(0, 99))).toBe(true);
  expect(table.holds(Float64Array.of(0, number))).toBe(false);
  await rejected('ZC_ARGUMENT', on.engine.readRows(lease, table, Float64Array.of(number), places));
});

test('what no table can be, and no place of rows', async () => {
  const table = tableOf();
  using lease = on.pool.acquire()!;
  const one = Float64Array.of(1);
  await rejected('ZC_ARGUMENT', on.engine.readRows(lease, table, one, Float64Array.of(-1, 2 ** 40, 0)));
  await rejected('ZC_ARGUMENT', on.engine.readRows(lease, table, one, Float64Array.of(-1, 0)));
  await rejected('ZC_ARGUMENT', on.engine.readRows(lease, {} as RowTable, one, places));
  await rejected('ZC_ARGUMENT', on.engine.readRows(lease, table, [1] as never, places));
  thrown('ZC_ARGUMENT', () => table.holds([1] as never));
  thrown('ZC_ARGUMENT', () => new RowTable({ firstRows: Float64Array.of(5, 1), rowBytes: [8] }));
  thrown('ZC_ARGUMENT', () => new RowTable({ firstRows: Float64Array.of(0, 1), rowBytes: [] }));
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, on.file, [on.size - 99 * ROW, labels]));
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, on.file, [0, labels.subarray(1)]));
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 1, on.file, [0, labels]));
  const checked = (checksums: Uint32Array) => [{ offset: 0, checksums }, labels];
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, on.file, checked(new Uint32Array(99))));
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, on.file, checked(new Float64Array(100) as never)));
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, on.file, checked(new Uint32Array(0))));
  const detached = new Uint32Array(100);
  structuredClone(detached, { transfer: [detached.buffer] });
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, on.file, checked(detached)));
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, on.file, [null as never, labels]));
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, on.file, [{ offset: 0 } as never, labels]));
  thrown('ZC_ARGUMENT', () => on.engine.addRows(table, 0, 99, [0, labels]));
});

test('a getter that lengthens its own list of columns', () => {
  const columns: RowColumn[] = [labels];
  const hostile = {
    get offset() {
      for (let i = 0; i < 1000; i++) columns.push(labels);
      return 0;
    },
    checksums: new Uint32Array(100),
  };
  columns.unshift(hostile);
  const table = new RowTable({ firstRows: Float64Array.of(0, 100), rowBytes: [ROW, 8] });
  on.engine.addRows(table, 0, on.file, columns);
  expect(table.holds(Float64Array.of(99))).toBe(true);
});

test('rows leave with their place, their file and their engine', async () => {
  await using engine = new ReadEngine({ backend: 'threads' });
  const file = engine.openFile(on.path);
  const table = tableOf(engine, file);
  const one = Float64Array.of(1);
  table.remove(0);
  expect(table.holds(one)).toBe(false);
  engine.addRows(table, 0, file, [0, labels]);
  engine.closeFile(file);
  expect(table.holds(one)).toBe(false);
  engine.addRows(table, 0, engine.openFile(on.path), [0, labels]);
  await engine.close();
  expect(table.holds(one)).toBe(false);
  using lease = on.pool.acquire()!;
  await rejected('ZC_IO_CLOSED', engine.readRows(lease, table, one, places));
});

test('a file that was cut short', async () => {
  const path = join(on.folder, 'cut');
  writePattern(path, 400_000);
  const table = tableOf(on.engine, on.engine.openFile(path));
  using lease = on.pool.acquire()!;
  truncateSync(path, 4096);
  const error = await rejected(
    'ZC_IO_POISONED',
    on.engine.readRows(lease, table, Float64Array.of(7), places),
  );
  expect(error.path).toBe(path);
});
