import { setImmediate, setTimeout } from 'node:timers/promises';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import {
  BufferPool,
  capabilities,
  encodeReadPlan,
  FileWriter,
  MappedFile,
  ReadEngine,
  RowTable,
  zstdCompressor,
} from '../../src/index.js';
import { descriptorsOf, mapsOf } from '../helpers/process-resources.js';
import { startWorker } from '../helpers/worker.js';

/** Workers that are terminated while they do nothing but call native code; then nothing of them may be left. */
async function main(): Promise<void> {
  const [path, rounds] = process.argv.slice(2) as [string, string];
  for (let round = 0; round < Number(rounds); round++) {
    await Promise.all(Array.from({ length: 8 }, (_, i) => endOne({ path, newPath: `${path}.${i}` }, i)));
  }
  const left = { maps: mapsOf(path), memfds: descriptorsOf(/memfd/), rings: descriptorsOf(/io_uring/) };
  console.log(JSON.stringify(left));
}

async function endOne(data: { path: string; newPath: string }, delay: number): Promise<void> {
  const worker = startWorker(import.meta.url, data);
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  await setTimeout(delay);
  await worker.terminate();
  await ended;
}

async function callForever(path: string, newPath: string): Promise<void> {
  for (let i = 0; ; i++) {
    callEach(path, newPath);
    if (i === 0) parentPort!.postMessage('busy');
    await setImmediate(); // lets finalizers run
  }
}

/** Whatever is made here is left to the garbage collector, and what is begun to itself. */
function callEach(path: string, newPath: string): void {
  const pool = new BufferPool({ slotBytes: 4096, slots: 32 });
  const spare = new BufferPool({ slotBytes: 4096, slots: 1 });
  const engine = new ReadEngine({ threads: 1 });
  const file = engine.openFile(path);
  const rows = new RowTable({ firstRows: Float64Array.of(0, 4), rowBytes: [1024] });
  engine.addRows(rows, 0, file, [0]);
  const map = new MappedFile(path);
  const zstd = zstdCompressor();
  const pieces = [{ extentOffset: 0, length: 4096, slotOffset: 0 }];
  const plan = encodeReadPlan([{ file, offset: 0, length: 4096, way: 'auto-buffered', pieces }]);
  for (let i = 0; i < 16; i++) {
    const lease = pool.acquire()!;
    void engine.read(lease, plan).catch(() => {});
    const copied = pool.acquire()!;
    void engine.readRows(copied, rows, Float64Array.of(1, 2), Float64Array.of(-1, 0)).catch(() => {});
    copied.release();
    map.advise(0, 4096, 'willneed');
    zstd.compress(new Uint8Array(64), 1);
    void pool.segments;
  }
  for (let i = 0; i < 500; i++) {
    const lease = spare.acquire()!;
    lease.buffer;
    lease.release();
    map.view(i, 4096);
  }
  capabilities(path);
  void new FileWriter(newPath, { blocks: 2 }).abort();
  void engine.close();
  pool.close();
  spare.close();
  map.close();
}

if (isMainThread) await main();
else await callForever(workerData.path, workerData.newPath);
