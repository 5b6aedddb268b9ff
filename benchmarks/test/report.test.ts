import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeReport } from '../src/make-report.js';
import { mergeReports } from '../src/merge-reports.js';
import { FULL } from '../src/method.js';
import { readReport, writeReport } from '../src/report-file.js';
import { runOf } from './helpers/reports.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zc-report-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const throughputs = {
  zc: [1000, 1100, 1050],
  'read-fresh': [500, 550, 525],
  limit: [1200, 1300, 1250],
  consumer: [9000, 9100, 9050],
};

describe('a report', () => {
  const reaches = [
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 2 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
  ] as const;
  const report = makeReport([runOf(throughputs, { reaches })], { method: FULL });

  it('has ratios of each contender to each other, from paired rounds', () => {
    const zc = report.results.find(({ contender }) => contender === 'zc')!;
    expect(zc.ratio['read-fresh']).toEqual({ median: 2, low: 2, high: 2 });
    expect(Object.keys(zc.ratio).sort()).toEqual(['consumer', 'limit', 'read-fresh']);
  });

  it('counts a reach as met where the interval includes it', () => {
    expect(report.reaches.map(({ met }) => met)).toEqual([true, false]);
  });

  it('tells CPU without the consumer of loaders alone', () => {
    const net = Object.fromEntries(report.results.map((each) => [each.contender, each.cpu_s_per_gb_net]));
    expect(net.zc).toEqual({ median: 0, min: 0, max: 0 });
    expect(net.limit).toBeNull();
    expect(net.consumer).toBeNull();
  });

  it('tells what was busy besides', () => {
    const busy = makeReport([runOf({ zc: [1000] }, { round: { foreignCpuSeconds: 0.5 } })], { method: FULL });
    expect(busy.results[0]!.foreign_cores.median).toBeCloseTo(0.5);
    expect(busy.machine.foreign_cpu_cores).toBeCloseTo(0.5);
  });

  it('is the same after it was written and read', () => {
    const path = join(folder, 'report.json');
    writeReport(path, report);
    expect(readReport(path)).toEqual(report);
  });

  it('names the file and the member where it is none', () => {
    const path = join(folder, 'other.json');
    writeFileSync(path, JSON.stringify({ ...report, schema: 2 }));
    expect(() => readReport(path)).toThrow(/other\.json is no report of schema 1: schema/);
  });

  it('in parts has each scenario whole, from the later part that has it', () => {
    const part = (name: string, mbs: number, date: string) =>
      makeReport([runOf({ zc: [mbs, mbs], limit: [mbs, mbs] }, { name })], {
        method: FULL,
        date: new Date(date),
      });
    const first = mergeReports(part('a', 1, '2026-01-01'), part('b', 2, '2026-01-02'));
    const whole = mergeReports(first, part('a', 3, '2026-01-03'));
    const told = whole.results.map(({ scenario, mb_s }) => `${scenario} ${mb_s.median}`);
    expect(told.sort()).toEqual(['a 3', 'a 3', 'b 2', 'b 2']);
    expect(whole.scenarios.map(({ name, date }) => `${name} ${date.slice(0, 10)}`).sort()).toEqual([
      'a 2026-01-03',
      'b 2026-01-02',
    ]);
  });
});
