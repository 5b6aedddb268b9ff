import type { Round } from '../../src/contender-process.js';
import { makeReport } from '../../src/make-report.js';
import { FULL } from '../../src/method.js';
import type { Report } from '../../src/report.js';
import type { ScenarioRun } from '../../src/runner.js';
import type { Contender, Reach } from '../../src/scenario.js';

const GB = 1e9;
const YARDSTICKS: Readonly<Record<string, Contender['yardstick']>> = { limit: 'limit', consumer: 'consumer' };

/** A round of one GB at this throughput. */
export function roundAt(mbPerSecond: number, overrides: Partial<Round> = {}): Round {
  return {
    seconds: GB / 1e6 / mbPerSecond,
    samples: 1000,
    bytes: GB,
    epochs: 1,
    sum: '0',
    sum_of_part: null,
    first_batch_ms: 12,
    gap_ms: { p50: 1, p99: 5, max: 40 },
    cpuSeconds: 0.5,
    foreignCpuSeconds: 0,
    pssBytes: 100e6,
    pageFaults: 2000,
    contextSwitches: 300,
    events: {},
    ...overrides,
  };
}

/** One scenario of given throughputs, MB/s, a round each. */
export function runOf(
  throughputs: Readonly<Record<string, readonly number[]>>,
  { name = 'cold-rand-110k', reaches = [] as readonly Reach[], round = {} as Partial<Round> } = {},
): ScenarioRun {
  const names = Object.keys(throughputs);
  const contender = (each: string): Contender => ({
    runtime: 'node',
    module: each === 'limit' ? 'node/fio' : 'node/read',
    ...(YARDSTICKS[each] && { yardstick: YARDSTICKS[each] }),
  });
  return {
    scenario: {
      name,
      title: 'random rows',
      family: 'io',
      temperature: 'cold',
      batchSize: 64,
      shuffle: true,
      contenders: Object.fromEntries(names.map((each) => [each, contender(each)])),
      reaches,
    },
    data: undefined,
    rounds: new Map(names.map((each) => [each, throughputs[each]!.map((mbs) => roundAt(mbs, round))])),
    missing: new Map(),
    failed: new Map(),
  };
}

export function reportOf(throughputs: Readonly<Record<string, readonly number[]>>): Report {
  return makeReport([runOf(throughputs)], { method: FULL, date: new Date('2026-01-02T03:04:05Z') });
}
