import { describe, expect, it } from 'vitest';
import type { Round } from '../src/contender-process.js';
import { lessIsBetter, measureOf } from '../src/measure.js';

const round: Round = {
  seconds: 2,
  samples: 500,
  bytes: 4e9,
  epochs: 1,
  sum: '0',
  sum_of_part: null,
  first_batch_ms: 0,
  gap_ms: { p50: 0, p99: 0, max: 0 },
  figures: { next_us: 41 },
  cpuSeconds: 3,
  foreignCpuSeconds: 0,
  pssBytes: 0,
  pageFaults: 0,
  contextSwitches: 0,
  events: {},
};

describe('a measure of a round', () => {
  it('is taken from bytes, samples and time, or by its name from what the contender noted', () => {
    expect(measureOf(round, 'mb_s')).toBe(2000);
    expect(measureOf(round, 'samples_s')).toBe(250);
    expect(measureOf(round, 'cpu_s_per_gb')).toBe(0.75);
    expect(measureOf(round, 'next_us')).toBe(41);
    expect(measureOf(round, 'open_ms')).toBeNaN();
  });

  it('leaves out what the consumer used, down to what the kernel can tell', () => {
    expect(measureOf(round, 'cpu_s_per_gb_net', 0.25)).toBe(0.5);
    expect(measureOf(round, 'cpu_s_per_gb_net', 0.8)).toBe(0.0025);
  });
});

it('more is better of throughput and of what is counted per second, less of time, CPU and memory', () => {
  expect(['mb_s', 'samples_s', 'ids_per_s'].map((name) => lessIsBetter(name as 'mb_s'))).toEqual([
    false,
    false,
    false,
  ]);
  expect(
    ['cpu_s_per_gb', 'next_us', 'open_ms', 'open_mb'].map((name) => lessIsBetter(name as 'open_mb')),
  ).toEqual([true, true, true, true]);
});
