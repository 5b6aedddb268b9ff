import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { BufferPool, crc32c, encodeReadPlan, ReadEngine, type ReadWay } from '../../src/index.js';

/** A worker thread that reads rows of a file, with an engine and a pool of its own, and says how many were right. */
export interface ReadingWorker {
  path: string;
  backend: 'io_uring' | 'threads';
  way: ReadWay;
  rowBytes: number;
  checksums: number[];
}

async function readRows({ path, backend, way, rowBytes, checksums }: ReadingWorker): Promise<number> {
  await using engine = new ReadEngine({ backend, threads: 2 });
  using pool = new BufferPool({ slotBytes: rowBytes, slots: 3 });
  const file = engine.openFile(path);
  let right = 0;
  const readRow = async (row: number) => {
    using lease = await pool.acquireAsync();
    const pieces = [{ extentOffset: 0, length: rowBytes, slotOffset: 0 }];
    await engine.read(
      lease,
      encodeReadPlan([{ file, offset: row * rowBytes, length: rowBytes, way, pieces }]),
    );
    if (crc32c(new Uint8Array(lease.buffer, 0, rowBytes)) === checksums[row]) right++;
  };
  await Promise.all(checksums.map((_, row) => readRow(row)));
  return right;
}

if (!isMainThread) parentPort!.postMessage(await readRows(workerData));
