import { once } from 'node:events';
import { isMainThread } from 'node:worker_threads';
import {
  BufferPool,
  capabilities,
  crc32c,
  encodeReadPlan,
  READ_WAYS,
  ReadEngine,
  type ReadWay,
} from '../../src/index.js';
import { startWorker } from '../helpers/worker.js';

/** What a program with two engines, one of them on a worker thread, sees where io_uring is refused, as JSON. */
async function main(path: string): Promise<void> {
  await once(startWorker(import.meta.url, null), 'exit');
  await using engine = new ReadEngine();
  const file = engine.openFile(path);
  const length = engine.fileSize(file);
  using pool = new BufferPool({ slotBytes: length, slots: 1 });
  const checksums: Record<string, number> = {};
  for (const way of Object.keys(READ_WAYS) as ReadWay[]) {
    using lease = pool.acquire()!;
    new Uint8Array(lease.buffer).fill(0);
    const pieces = [{ extentOffset: 0, length, slotOffset: 0 }];
    await engine.read(lease, encodeReadPlan([{ file, offset: 0, length, way, pieces }]));
    checksums[way] = crc32c(new Uint8Array(lease.buffer));
  }
  const { ioUring } = capabilities();
  const { backend, reason } = engine;
  console.log(JSON.stringify({ ioUring, backend, reason, checksums, refused: refusal() }));
}

function refusal(): unknown {
  try {
    new ReadEngine({ backend: 'io_uring' });
  } catch (error) {
    return error;
  }
  return undefined;
}

if (isMainThread) await main(process.argv[2]!);
else await new ReadEngine().close();
