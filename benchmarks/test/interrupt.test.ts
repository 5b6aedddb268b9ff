import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReport } from '../src/report-file.js';

const main = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zc-bench-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a run', () => {
  it('that is interrupted writes the passes that were whole', async () => {
    const json = join(folder, 'interrupted.json');
    const args = ['--scenario', 'warm-rand-3k', '--contender', 'zc,read-fresh', '--rounds', '1000000'];
    const child = spawn(process.execPath, [main, '--smoke', ...args, '--json', json], {
      env: { ...process.env, ZC_BENCH_DATA: join(folder, 'sets') },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const before = stderr;
      stderr += text;
      if (stderr.includes('round 3') && !before.includes('round 3')) child.kill('SIGINT');
    });
    const exitCode = await new Promise((resolve) => child.once('close', resolve));
    expect(exitCode, stderr).toBe(130);
    const { interrupted, results, failed } = readReport(json);
    expect(interrupted).toBe(true);
    expect(failed).toEqual([]);
    expect(results.map(({ contender }) => contender).sort()).toEqual(['read-fresh', 'zc']);
    expect(results[0]!.rounds).toBeGreaterThanOrEqual(2);
    expect(results[1]!.rounds).toBe(results[0]!.rounds);
  });
});
