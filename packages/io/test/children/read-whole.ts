import { BufferPool, crc32c, encodeReadPlan, ReadEngine, type ReadWay } from '../../src/index.js';

/** The CRC32C of a whole file, read by an engine and into a pool of its own. */
export async function readAllOf(path: string, way: ReadWay): Promise<number> {
  await using engine = new ReadEngine();
  const file = engine.openFile(path);
  const length = engine.fileSize(file);
  using pool = new BufferPool({ slotBytes: length, slots: 1 });
  using lease = pool.acquire()!;
  const pieces = [{ extentOffset: 0, length, slotOffset: 0 }];
  await engine.read(lease, encodeReadPlan([{ file, offset: 0, length, way, pieces }]));
  return crc32c(new Uint8Array(lease.buffer));
}
