/** Worker threads that are ended with reads in flight, a thousand times: nothing of them is left. */
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { BufferPool, encodeReadPlan, ReadEngine } from '../dist/index.js';

const WORKERS = 1000;
const MIB = 2 ** 20;
const WAYS = ['direct', 'buffered', 'auto-direct', 'auto-buffered', 'mapped-copy'];

if (isMainThread) await main();
else busy(workerData);

async function main() {
  const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
  const workers = Math.max(10, Math.round(WORKERS * Number(values.scale)));
  const folder = mkdtempSync(join(tmpdir(), 'zc-soak-'));
  const path = join(folder, 'data');
  try {
    writeFileSync(path, Buffer.alloc(8 * MIB, 1));
    for (let i = 0; i < 4; i++) await endOne(path, i);
    const before = measure();
    for (let i = 0; i < workers; i++) await endOne(path, i);
    const after = measure();
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      throw new Error(`${JSON.stringify(before)} before, ${JSON.stringify(after)} after`);
    }
    console.log(
      `${workers} workers ended with reads in flight, half of them by terminate(): ${JSON.stringify(after)} left`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function endOne(path, i) {
  const backend = i % 4 < 2 ? 'io_uring' : 'threads';
  const worker = new Worker(new URL(import.meta.url), { workerData: { path, backend, exits: i % 2 === 0 } });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  if (i % 2 === 1) {
    await setTimeout(i % 5);
    await worker.terminate();
  }
  await ended;
}

function busy({ path, backend, exits }) {
  const engine = new ReadEngine({ backend, threads: 2 });
  const pool = new BufferPool({ slotBytes: MIB, slots: 8 });
  const file = engine.openFile(path);
  const readForever = async (at) => {
    for (;;) {
      const slot = await pool.acquireAsync();
      const pieces = [{ extentOffset: 0, length: MIB, slotOffset: 0 }];
      const extent = { file, offset: (at * 4099) % (7 * MIB), length: MIB, way: WAYS[at % 5], pieces };
      await engine.read(slot, encodeReadPlan([extent]));
      slot.release();
      at += 8;
    }
  };
  for (let i = 0; i < 8; i++) void readForever(i);
  parentPort.postMessage('busy');
  if (exits) globalThis.setTimeout(() => process.exit(), 3);
}

/** What a worker that was not taken down whole would leave in the process. */
function measure() {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  const count = (lines, pattern) => lines.filter((line) => pattern.test(line)).length;
  return {
    descriptors: count(links, /io_uring|memfd|zc-soak/),
    maps: count(readFileSync('/proc/self/maps', 'utf8').split('\n'), /memfd|zc-soak/),
    threads: count(
      readdirSync('/proc/self/task').map((task) => {
        try {
          return readFileSync(`/proc/self/task/${task}/comm`, 'utf8');
        } catch {
          return '';
        }
      }),
      /^zc-/,
    ),
  };
}
