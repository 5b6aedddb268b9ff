import { createInterface } from 'node:readline';
import { collectUntil } from '../../../../tools/testing/garbage.js';
import { BufferPool, encodeReadPlan, ReadEngine } from '../../src/index.js';
import { descriptorsOf, mapsMatching } from '../helpers/process-resources.js';

/**
 * Closes an engine that waits for a read which does not end, each step when a line comes in, and says as JSON what
 * came of it.
 */
const [path, backend, way, other] = process.argv.slice(2) as [
  string,
  'io_uring' | 'threads',
  'direct' | 'buffered',
  string,
];
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (what: unknown) => console.log(JSON.stringify(what));
const warnings: string[] = [];
process.on('warning', (warning) => warnings.push((warning as NodeJS.ErrnoException).code ?? warning.name));

function planOf(file: number, offset: number) {
  const pieces = [{ extentOffset: 0, length: 65_536, slotOffset: 0 }];
  return encodeReadPlan([{ file, offset, length: 65_536, way, pieces }]);
}

async function readsAgain(): Promise<boolean> {
  await using engine = new ReadEngine({ backend });
  using pool = new BufferPool({ slotBytes: 65_536, slots: 1 });
  using lease = pool.acquire()!;
  await engine.read(lease, planOf(engine.openFile(other), 0));
  return new Uint8Array(lease.buffer).every((byte) => byte === 7);
}

const engine = new ReadEngine({ backend, closeTimeoutMs: 50 });
const pool = new BufferPool({ slotBytes: 65_536, slots: 2 });
const file = engine.openFile(path);
const good = pool.acquire()!;
await engine.read(good, planOf(file, 0));
good.release();
const lease = pool.acquire()!;
const outcome = engine.read(lease, planOf(file, 2 ** 19)).then(
  () => 'read',
  (error) => error.code,
);
await lines.next();
await engine.close();
lease.release();
pool.close();
await collectUntil(() => false);
say({
  outcome: await outcome,
  warnings,
  // The kernel may yet write there.
  slotsMapped: mapsMatching(/zc-slots/),
  slotsOpen: descriptorsOf(/zc-slots/),
  readsAgain: await readsAgain(),
});
await lines.next();
say({ readsAgain: await readsAgain() });
process.exit(0);
