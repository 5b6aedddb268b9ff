import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DataSet, prepareData } from '../src/data.js';
import { SMOKE } from '../src/method.js';
import { runScenario } from '../src/runner.js';
import type { ScenarioQuestion } from '../src/scenario.js';

let folder: string;
let data: DataSet;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zc-bench-'));
  process.env.ZC_BENCH_DATA = folder;
  data = await prepareData('rows-3k', true, () => {});
});
afterAll(() => {
  delete process.env.ZC_BENCH_DATA;
  rmSync(folder, { recursive: true });
});

const reader = { runtime: 'node', module: 'node/read', params: { buffer: 'fresh' } } as const;
const question: ScenarioQuestion = {
  name: 'some',
  title: 'some rows',
  temperature: 'warm',
  batchSize: 64,
  shuffle: true,
  contenders: {
    broken: { runtime: 'node', module: 'node/no-such-module' },
    absent: { ...reader, needs: ['no-such-program'] },
    'read-fresh': reader,
  },
  reaches: [],
};

describe('runScenario', () => {
  it('goes on without a contender that fails, and tells the error', async () => {
    const { rounds, failed, missing } = await runScenario(question, data, { ...SMOKE, warmUps: 1 });
    expect([...rounds.keys()]).toEqual(['read-fresh']);
    expect(rounds.get('read-fresh')).toHaveLength(1);
    expect(failed.get('broken')).toContain('no-such-module');
    expect(missing.get('absent')).toBe('needs the program no-such-program');
  });

  it('takes no figure of a contender that did not read each sample', async () => {
    const wrong = { ...data, sum: '12345' };
    const { rounds, failed } = await runScenario(question, wrong, SMOKE);
    expect(rounds.size).toBe(0);
    expect(failed.get('read-fresh')).toMatch(/not each sample of rows-3k was read once.*expected 12345/);
  });

  it('notes what a round took', async () => {
    const { rounds } = await runScenario(question, data, { ...SMOKE, minSeconds: 0.2 });
    const [round] = rounds.get('read-fresh')!;
    expect(round!.seconds).toBeGreaterThanOrEqual(0.2);
    expect(round!.samples).toBe(round!.epochs * data.rows);
    expect(round!.cpuSeconds).toBeGreaterThan(0);
    expect(round!.pageFaults).toBeGreaterThan(0);
  });
});
