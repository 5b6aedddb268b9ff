/** Engines that are closed with reads in flight, a thousand times: every read settles, and nothing is left. */
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BufferPool, encodeReadPlan, ReadEngine } from '../dist/index.js';

const CLOSINGS = 1000;
const READS = 16;
const MIB = 2 ** 20;
const WAYS = ['direct', 'buffered', 'auto-direct', 'auto-buffered', 'mapped-copy'];

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const closings = Math.max(10, Math.round(CLOSINGS * Number(values.scale)));
const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
const path = join(folder, 'data');
const ended = { read: 0, ZC_IO_CLOSED: 0 };
try {
  writeFileSync(path, Buffer.alloc(8 * MIB, 1));
  await closeOnce(0);
  const before = descriptors();
  for (let i = 0; i < closings; i++) await closeOnce(i);
  const after = descriptors();
  if (after !== before) throw new Error(`${before} descriptors before, ${after} after`);
  console.log(
    `${closings} closings with ${READS} reads in flight: ${ended.read} had ended, ${ended.ZC_IO_CLOSED} were given up, ` +
      `${after} descriptors before and after`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function closeOnce(i) {
  const engine = new ReadEngine({
    backend: i % 2 === 0 ? 'io_uring' : 'threads',
    threads: 4,
    maxStagingBytes: MIB,
  });
  const pool = new BufferPool({ slotBytes: MIB, slots: READS });
  const file = engine.openFile(path);
  const reads = Array.from({ length: READS }, async (_, read) => {
    const slot = pool.acquire();
    const extent = {
      file,
      offset: (i * 37 + read * 512) % (7 * MIB),
      length: MIB,
      way: WAYS[(i + read) % 5],
    };
    const pieces = [{ extentOffset: 0, length: MIB, slotOffset: 0 }];
    await engine.read(slot, encodeReadPlan([{ ...extent, pieces }])).finally(() => slot.release());
  });
  const settled = Promise.allSettled(reads);
  void engine.prefetch(file, [{ offset: 0, length: 8 * MIB }]).catch(() => {});
  if (i % 3 > 0) await setTimeout(i % 3);
  await engine.close();
  for (const { status, reason } of await settled) {
    const end = status === 'fulfilled' ? 'read' : reason.code;
    if (!(end in ended)) throw reason;
    ended[end]++;
  }
  pool.close();
  if (pool.leased > 0) throw new Error(`${pool.leased} slots are still leased`);
}

function descriptors() {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /io_uring|eventfd|memfd|zc-soak/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}
