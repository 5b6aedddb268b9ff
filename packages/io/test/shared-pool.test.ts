import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BufferPool, crc32c, encodeReadPlan, MappedFile, ReadEngine } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { writePattern } from './helpers/pattern.js';
import { ways } from './helpers/reading.js';
import { expectSameBytes } from './helpers/same-bytes.js';
import { temporaryFolder } from './helpers/temporary-folder.js';
import { startWorker } from './helpers/worker.js';

const ROW_BYTES = 30_000;
const ROWS = 100;
const path = join(temporaryFolder(), 'data');
const bytes = writePattern(path, ROW_BYTES * ROWS);
const row = (number: number) => bytes.subarray(number * ROW_BYTES, (number + 1) * ROW_BYTES);

test('several engines read into one pool at once, and closing one leaves the others', async () => {
  using pool = new BufferPool({ slotBytes: ROW_BYTES, slots: 6 });
  const engines = [...backends, ...backends].map((backend) => new ReadEngine({ backend, threads: 2 }));
  const files = engines.map((engine) => engine.openFile(path));
  let closing: Promise<void> | undefined;
  const ended = await Promise.all(
    Array.from({ length: 600 }, async (_, i) => {
      using lease = await pool.acquireAsync();
      const which = i % engines.length;
      const pieces = [{ extentOffset: 0, length: ROW_BYTES, slotOffset: 0 }];
      const extent = { offset: (i % ROWS) * ROW_BYTES, length: ROW_BYTES, way: ways[i % 5]!, pieces };
      if (i === 300) closing = engines[0]!.close();
      try {
        await engines[which]!.read(lease, encodeReadPlan([{ file: files[which]!, ...extent }]));
      } catch (error) {
        return [which, (error as { code: string }).code];
      }
      expectSameBytes(new Uint8Array(lease.buffer, 0, ROW_BYTES), row(i % ROWS));
      return [which, 'read'];
    }),
  );
  await closing;
  await Promise.all(engines.map((engine) => engine.close()));
  expect(pool.leased).toBe(0);
  for (const [which, end] of ended) {
    if (which === 0) expect(['read', 'ZC_IO_CLOSED']).toContain(end);
    else expect(end).toBe('read');
  }
  expect(ended).toContainEqual([0, 'ZC_IO_CLOSED']);
});

test('workers with engines and pools of their own read at once, beside the main thread', async () => {
  const module = new URL('children/reading-worker.ts', import.meta.url).href;
  const checksums = Array.from({ length: ROWS }, (_, number) => crc32c(row(number)));
  const workers = ways.map((way, i) =>
    startWorker(module, {
      path,
      backend: backends[i % backends.length],
      way,
      rowBytes: ROW_BYTES,
      checksums,
    }),
  );
  const counted = Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  using map = new MappedFile(path);
  for (let number = 0; number < ROWS; number++) {
    expectSameBytes(map.view(number * ROW_BYTES, ROW_BYTES), row(number));
  }
  expect(await counted).toEqual(ways.map(() => ROWS));
  await Promise.all(workers.map((worker) => worker.terminate()));
});
