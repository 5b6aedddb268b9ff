import type { Report, ReportRatio, Result } from './report.js';
import type { Ratio } from './statistics.js';

/** A change is told as one when its interval leaves out 1 and it is at least as large as what rounds are stopped at. */
const CHANGE_MIN = 0.05;

/**
 * Contenders that no commit of ours changes, the steadiest first. Two runs are of different days: the machine's own
 * change shows in these, and is taken out by comparing not throughputs but ratios to one of them.
 */
const REFERENCES = ['limit', 'read-fresh', 'read-reused', 'gather', 'torch-dataloader', 'consumer'];

/** What became of one contender in one scenario between two reports. */
export interface Change {
  readonly scenario: string;
  readonly contender: string;
  /** Whose throughput both are divided by, each in its own run; null where the runs have none in common. */
  readonly reference: string | null;
  /** Throughput relative to the reference, after divided by before, with its 95 % interval. */
  readonly ratio: Ratio;
  readonly verdict: 'faster' | 'slower' | 'within the noise' | 'not comparable';
  /** Throughput, MB/s, as it was measured: with the machine's own change in it. */
  readonly mb_s: { readonly before: number; readonly after: number };
  readonly cpu_s_per_gb: { readonly before: number; readonly after: number };
}

/** What became of every loader that both reports have; yardsticks are what it is held against. */
export function compareReports(before: Report, after: Report): Change[] {
  return after.results.flatMap((result) => {
    const earlier = resultOf(before, result.scenario, result.contender);
    return earlier && result.yardstick === null ? [changeOf(earlier, result)] : [];
  });
}

/** How the machine itself has changed: each reference that was used, after divided by before, as measured. */
export function driftOf(changes: readonly Change[], before: Report, after: Report): Map<string, number> {
  const drift = new Map<string, number>();
  for (const { scenario, reference } of changes) {
    if (reference === null || drift.has(`${scenario} / ${reference}`)) continue;
    const [then, now] = [resultOf(before, scenario, reference), resultOf(after, scenario, reference)];
    drift.set(`${scenario} / ${reference}`, now!.mb_s.median / then!.mb_s.median);
  }
  return drift;
}

function changeOf(before: Result, after: Result): Change {
  const reference = REFERENCES.find((name) => isBounded(before.ratio[name]) && isBounded(after.ratio[name]));
  const ratio: Ratio =
    reference === undefined
      ? { median: after.mb_s.median / before.mb_s.median, low: 0, high: Number.POSITIVE_INFINITY }
      : ratioOfRatios(before.ratio[reference]!, after.ratio[reference]!);
  return {
    scenario: after.scenario,
    contender: after.contender,
    reference: reference ?? null,
    ratio,
    verdict: reference === undefined ? 'not comparable' : verdictOf(ratio),
    mb_s: { before: before.mb_s.median, after: after.mb_s.median },
    cpu_s_per_gb: { before: before.cpu_s_per_gb.median, after: after.cpu_s_per_gb.median },
  };
}

/**
 * The quotient of two paired ratios from independent runs. Their intervals are symmetric on the scale of logarithms,
 * where a quotient is a difference, and half widths of independent errors add as squares. (Each is wide by its own
 * Student factor, so the sum is a little too wide where rounds are few: it errs towards "no change".)
 */
export function ratioOfRatios(before: ReportRatio, after: ReportRatio): Ratio {
  const [a, b] = [logInterval(before), logInterval(after)];
  const half = Math.hypot(a.half, b.half);
  const middle = b.middle - a.middle;
  return {
    median: after.median / before.median,
    low: Math.exp(middle - half),
    high: Math.exp(middle + half),
  };
}

function logInterval({ low, high }: ReportRatio): { middle: number; half: number } {
  const [from, to] = [Math.log(low), Math.log(high!)];
  return { middle: (from + to) / 2, half: (to - from) / 2 };
}

function verdictOf({ median, low, high }: Ratio): Change['verdict'] {
  if (low > 1 && median >= 1 + CHANGE_MIN) return 'faster';
  if (high < 1 && median <= 1 / (1 + CHANGE_MIN)) return 'slower';
  return 'within the noise';
}

/** One round has no interval, and so nothing can be said from it. */
function isBounded(ratio: ReportRatio | undefined): boolean {
  return ratio !== undefined && ratio.low > 0 && ratio.high !== null;
}

function resultOf({ results }: Report, scenario: string, contender: string): Result | undefined {
  return results.find((result) => result.scenario === scenario && result.contender === contender);
}
