import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { BufferPool } from '../../src/index.js';

/** Leases half of the slots of a pool again and again; prints how many collections V8 made of it. */
let collections = 0;
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries() as unknown as { detail: { kind: number } }[]) {
    if (entry.detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collections++;
  }
});
const pool = new BufferPool({ slotBytes: 2 ** 24, slots: 8 });
// V8 sets its limit by what lives at a collection.
gc!();
await setTimeout(1);
observer.observe({ entryTypes: ['gc'] });
for (let i = 0; i < 200; i++) {
  const leases = [pool.acquire()!, pool.acquire()!, pool.acquire()!, pool.acquire()!];
  for (const lease of leases) new Uint8Array(lease.buffer)[0] = i;
  await setTimeout(1);
  for (const lease of leases) lease.release();
}
observer.disconnect();
pool.close();
console.log(collections);
