/** 100,000 batches through one pool, every way and both backends: the right bytes, flat memory and descriptors. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BufferPool, crc32c, encodeReadPlan, ReadEngine } from '../dist/index.js';

const BATCHES = 100_000;
const ROWS = 8;
const ROW_BYTES = 3000;
const STRIDE_BYTES = 4096;
const FILE_BYTES = 2 ** 22;
const SLACK_KIB = 32 * 1024;
const WAYS = ['direct', 'buffered', 'auto-direct', 'auto-buffered', 'mapped-copy'];

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const batches = Math.max(500, Math.round(BATCHES * Number(values.scale)));
const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
const path = join(folder, 'data');
const bytes = Buffer.alloc(FILE_BYTES);
for (let i = 0; i < FILE_BYTES; i += 4) bytes.writeUInt32LE(Math.imul(i, 0x9e3779b1) >>> 0, i);
try {
  writeFileSync(path, bytes);
  const said = [];
  for (const backend of ['io_uring', 'threads'])
    said.push(`${backend} ${await readAll(backend, batches / 2)}`);
  console.log(`${batches} batches of ${ROWS} rows: ${said.join(', ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function readAll(backend, count) {
  const engine = new ReadEngine({ backend, threads: 4, maxStagingBytes: 2 ** 18 });
  const pool = new BufferPool({ slotBytes: ROWS * STRIDE_BYTES, slots: 8 });
  const file = engine.openFile(path);
  let before;
  for (let i = 0; i < count; i += 8) {
    await Promise.all(Array.from({ length: 8 }, (_, j) => readOne(engine, pool, file, i + j)));
    // What grows at first is what is kept for use again.
    if (before === undefined && i >= count / 5) before = measure();
  }
  const after = measure();
  if (
    after.descriptors > before.descriptors ||
    after.maps > before.maps ||
    after.kib > before.kib + SLACK_KIB
  ) {
    throw new Error(`${backend} grew from ${JSON.stringify(before)} to ${JSON.stringify(after)}`);
  }
  pool.close();
  await engine.close();
  return `${before.kib} KiB, ${before.descriptors} descriptors at first and ${after.kib} KiB, ${after.descriptors} at last`;
}

async function readOne(engine, pool, file, i) {
  const slot = await pool.acquireAsync();
  const offsets = Array.from(
    { length: ROWS },
    (_, row) => (i * 7919 + row * 104_729) % (FILE_BYTES - ROW_BYTES),
  );
  const plan = encodeReadPlan(
    offsets.map((offset, row) => {
      const piece = { extentOffset: 0, length: ROW_BYTES, slotOffset: row * STRIDE_BYTES, tag: row };
      const expected = crc32c(bytes.subarray(offset, offset + ROW_BYTES));
      return {
        file,
        offset,
        length: ROW_BYTES,
        way: WAYS[(i + row) % 5],
        pieces: [{ ...piece, crc32c: expected }],
      };
    }),
  );
  await engine.read(slot, plan);
  const row = i % ROWS;
  const found = Buffer.from(slot.buffer, row * STRIDE_BYTES, ROW_BYTES);
  if (!found.equals(bytes.subarray(offsets[row], offsets[row] + ROW_BYTES)))
    throw new Error(`batch ${i} is another`);
  slot.release();
}

function measure() {
  globalThis.gc?.();
  return {
    kib: Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
    descriptors: readdirSync('/proc/self/fd').length,
    maps: readFileSync('/proc/self/maps', 'utf8').match(/memfd|zc-soak/g)?.length ?? 0,
  };
}
