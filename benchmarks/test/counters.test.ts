import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Counters } from '../src/counters.js';

const hasPerf = spawnSync('perf', ['stat', '-e', 'page-faults', 'true']).status === 0;

describe.skipIf(!hasPerf)('Counters', () => {
  it('count what a process does while they are attached, and leave out what does not exist', async () => {
    const code =
      "process.stdin.once('data', () => { Buffer.alloc(40 * 2 ** 20, 1); process.stdout.write('done'); })";
    const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      const counters = await Counters.attach([child.pid!], ['page-faults', 'task-clock', 'cycles']);
      child.stdin.write('go');
      await once(child.stdout, 'data');
      const counts = await counters.read();
      // 40 MiB are 10,240 pages of 4 KiB, or 20 huge ones.
      expect(counts['page-faults']).toBeGreaterThan(20);
      expect(counts['task-clock']).toBeGreaterThan(0);
      expect(Object.values(counts).every(Number.isFinite)).toBe(true);
    } finally {
      child.kill();
    }
  });
});
