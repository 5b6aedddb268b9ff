import { type Change, compareReports, driftOf } from './compare.js';
import type { Report } from './report.js';
import { fixed, table } from './table.js';

const HEADER = ['scenario', 'contender', 'change', '95 % interval', 'against', 'MB/s', 'CPU s/GB'];

/** What changed between two reports, as Markdown: what lies beyond the noise first, then how much does not. */
export function comparisonTable(before: Report, after: Report): string {
  const changes = compareReports(before, after);
  const told = changes.filter(({ verdict }) => verdict === 'faster' || verdict === 'slower');
  const same = changes.filter(({ verdict }) => verdict === 'within the noise').length;
  const rest = changes.length - told.length - same;
  return `${[
    `### ${before.date.slice(0, 16)} to ${after.date.slice(0, 16)}`,
    told.length > 0
      ? table([HEADER, ...told.map(cells)])
      : 'Nothing changed by more than the noise of these runs.',
    `${same} of ${changes.length} within the noise${rest > 0 ? `, ${rest} without a reference in common or with one round alone` : ''}. ` +
      'Of as many comparisons about one in twenty leaves its interval by chance.',
    drifts(changes, before, after),
  ].join('\n\n')}\n`;
}

function cells({ scenario, contender, ratio, verdict, reference, mb_s, cpu_s_per_gb }: Change): string[] {
  return [
    scenario,
    contender,
    `${verdict} ${fixed(ratio.median)} x`,
    `${fixed(ratio.low)} to ${fixed(ratio.high)}`,
    reference!,
    `${mb_s.before.toFixed(0)} to ${mb_s.after.toFixed(0)}`,
    `${fixed(cpu_s_per_gb.before)} to ${fixed(cpu_s_per_gb.after)}`,
  ];
}

function drifts(changes: readonly Change[], before: Report, after: Report): string {
  const drift = [...driftOf(changes, before, after)];
  if (drift.length === 0) return 'The runs have no reference in common.';
  const words = drift.map(([name, ratio]) => `${name} ${fixed(ratio)} x`);
  return `The machine itself, which is taken out of the above: ${words.join(', ')}.`;
}
