import type { Report } from './report.js';
import { FAMILIES, type Family } from './scenario.js';

/**
 * A report with what an earlier one has of scenarios that this one has not, so that a long run can be made in parts.
 * Nothing is mixed within a scenario, and each keeps the time at which it was measured; machine and method are
 * those of the later run.
 */
export function mergeReports(earlier: Report, later: Report): Report {
  const anew = new Set(later.scenarios.map(({ name }) => name));
  const kept = <T extends { scenario: string }>(entries: readonly T[]) =>
    entries.filter(({ scenario }) => !anew.has(scenario));
  return {
    ...later,
    seconds: earlier.seconds + later.seconds,
    scenarios: [...earlier.scenarios.filter(({ name }) => !anew.has(name)), ...later.scenarios].sort(
      byFamily,
    ),
    results: [...kept(earlier.results), ...later.results],
    reaches: [...kept(earlier.reaches), ...later.reaches],
    missing: [...kept(earlier.missing), ...later.missing],
    failed: [...kept(earlier.failed), ...later.failed],
  };
}

function byFamily(a: Report['scenarios'][number], b: Report['scenarios'][number]): number {
  const order = ({ family }: Report['scenarios'][number]) => FAMILIES.indexOf(family as Family);
  return order(a) - order(b);
}
