import { describe, expect, it } from 'vitest';
import { compareReports, ratioOfRatios } from '../src/compare.js';
import { comparisonTable } from '../src/comparison-table.js';
import { reportOf } from './helpers/reports.js';

describe('ratioOfRatios', () => {
  it('adds the errors of two independent runs as squares, on the scale of logarithms', () => {
    const interval = (middle: number, half: number) => ({
      median: Math.exp(middle),
      low: Math.exp(middle - half),
      high: Math.exp(middle + half),
    });
    const { median, low, high } = ratioOfRatios(interval(0, 0.3), interval(1, 0.4));
    expect(Math.log(median)).toBeCloseTo(1);
    expect(Math.log(low)).toBeCloseTo(0.5);
    expect(Math.log(high)).toBeCloseTo(1.5);
  });
});

describe('compareReports', () => {
  const before = reportOf({ zc: [1000, 1010, 990, 1005], 'read-fresh': [500, 505, 495, 500] });

  it('calls nothing faster because the machine is', () => {
    const after = reportOf({ zc: [2000, 2020, 1980, 2010], 'read-fresh': [1000, 1010, 990, 1000] });
    const change = compareReports(before, after).find(({ contender }) => contender === 'zc')!;
    expect(change.verdict).toBe('within the noise');
    expect(change.reference).toBe('read-fresh');
    expect(change.mb_s.after / change.mb_s.before).toBeCloseTo(2);
  });

  it('finds what became faster while the machine became slower', () => {
    const after = reportOf({ zc: [900, 905, 895, 900], 'read-fresh': [250, 252, 248, 250] });
    const change = compareReports(before, after).find(({ contender }) => contender === 'zc')!;
    expect(change.verdict).toBe('faster');
    expect(change.ratio.median).toBeCloseTo(1.8, 1);
    expect(comparisonTable(before, after)).toMatch(/zc +\| faster 1\.8\d x/);
  });

  it('finds nothing where rounds differ as much as the runs do', () => {
    const after = reportOf({ zc: [600, 2000, 800, 1700], 'read-fresh': [500, 500, 500, 500] });
    expect(compareReports(before, after).map(({ verdict }) => verdict)).not.toContain('faster');
  });

  it('says nothing from one round', () => {
    const after = reportOf({ zc: [5000], 'read-fresh': [500] });
    expect(compareReports(before, after).every(({ verdict }) => verdict === 'not comparable')).toBe(true);
  });

  it('leaves out a change that is certain and too small to matter', () => {
    const after = reportOf({ zc: [1020, 1030.2, 1009.8, 1025.1], 'read-fresh': [500, 505, 495, 500] });
    expect(compareReports(before, after).find(({ contender }) => contender === 'zc')!.verdict).toBe(
      'within the noise',
    );
  });
});
