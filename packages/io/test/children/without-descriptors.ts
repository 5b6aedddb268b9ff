import { closeSync, openSync } from 'node:fs';
import { isZcError } from '@zc/errors';
import { BufferPool, crc32c, encodeReadPlan, MappedFile, ReadEngine } from '../../src/index.js';

/** What works, and what does not, in a process that can open no further file, as JSON. */
const path = process.argv[2]!;
const before = new ReadEngine();
const pool = new BufferPool({ slotBytes: 1 << 20, slots: 1 });
const file = before.openFile(path);
const length = before.fileSize(file);

async function checksums(engine: ReadEngine, file: number): Promise<number[]> {
  const found: number[] = [];
  for (const way of ['direct', 'buffered', 'mapped-copy'] as const) {
    using lease = pool.acquire()!;
    const pieces = [{ extentOffset: 0, length, slotOffset: 0 }];
    await engine.read(lease, encodeReadPlan([{ file, offset: 0, length, way, pieces }]));
    found.push(crc32c(new Uint8Array(lease.buffer, 0, length)));
  }
  return found;
}

const all: number[] = [];
/** Takes every descriptor that is left. Node's own threads may have given one back since the last time. */
function takeAll(): void {
  try {
    for (;;) all.push(openSync('/dev/null', 'r'));
  } catch {
    // Now there is none left.
  }
}

function codeOf(make: () => unknown): string {
  takeAll();
  try {
    make();
    return 'made';
  } catch (error) {
    if (!isZcError(error)) throw error;
    return `${error.code} ${error.details.errno} ${/ulimit -n/.test(error.message)}`;
  }
}

takeAll();
const full = {
  read: await checksums(before, file),
  openFile: codeOf(() => before.openFile(path)),
  mappedFile: codeOf(() => new MappedFile(path)),
  bufferPool: codeOf(() => new BufferPool({ slotBytes: 4096, slots: 1 })),
};
// A second engine needs descriptors for a ring: without, it is one of threads.
takeAll();
const second = new ReadEngine();
const backend = second.backend;
for (const fd of all) closeSync(fd);
const after = { backend, read: await checksums(second, second.openFile(path)) };
await Promise.all([before.close(), second.close()]);
console.log(JSON.stringify({ full, after }));
