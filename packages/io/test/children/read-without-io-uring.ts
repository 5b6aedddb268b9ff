import {
  BufferPool,
  capabilities,
  crc32c,
  encodeReadPlan,
  READ_WAYS,
  ReadEngine,
  type ReadWay,
} from '../../src/index.js';

/** What a program sees where io_uring is refused, as JSON. */
const path = process.argv[2]!;
const refused = (() => {
  try {
    new ReadEngine({ backend: 'io_uring' });
  } catch (error) {
    return error;
  }
  return undefined;
})();
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
console.log(JSON.stringify({ ioUring, backend: engine.backend, reason: engine.reason, checksums, refused }));
