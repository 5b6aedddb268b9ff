import type { ReachResult, Report, Result } from './report.js';
import { verdictOf } from './report-words.js';

const HEADER = [
  'contender',
  'MB/s',
  'samples/s',
  'CPU s/GB',
  'net of consumer',
  'first batch',
  'gap p50, p99, max',
  'PSS',
  'zc is',
];

/** The report as Markdown: a table for each scenario, then what was aimed at, then what did not run. */
export function toMarkdown(report: Report): string {
  const parts = report.scenarios.flatMap(({ name }) => [
    `### ${name}\n\n${scenarioTable(report, name)}`,
    ...report.reaches.filter(({ scenario }) => scenario === name).map(reachLine),
  ]);
  return `${[...parts, ...absentLines(report)].join('\n')}\n`;
}

/** All contenders of one scenario. */
export function scenarioTable({ results }: Report, scenario: string): string {
  const rows = results.filter((result) => result.scenario === scenario);
  if (rows.length === 0) return 'No contender ran.';
  const figures = [...new Set(rows.flatMap((result) => Object.keys(result.figures)))];
  const events = [...new Set(rows.flatMap((result) => Object.keys(result.events_per_gb)))];
  const lines = rows.map((result) => [
    ...cells(result),
    ...figures.map((name) => noted(result, name)),
    ...events.map((name) => number(result.events_per_gb[name] ?? 0)),
  ]);
  return table([[...HEADER, ...figures, ...events.map((name) => `${name}/GB`)], ...lines]);
}

/** What was aimed at and what came of it, as an item of a list. */
export function reachLine(reach: ReachResult): string {
  const { scenario, subject, than, measure, factor, ratio, met } = reach;
  const verdict = verdictOf(reach);
  const interval = `${fixed(ratio.low)} to ${ratio.high === null ? '?' : fixed(ratio.high)}`;
  const what = `${scenario}: ${subject} / ${than}, ${measure}`;
  return `- ${met ? verdict : `**${verdict}**`}: ${what}: ${fixed(ratio.median)} (${interval}), aimed at ${fixed(factor)}`;
}

/** Who failed, and who could not run here, with the reason: an item for each contender and reason. */
export function absentLines({ failed, missing }: Report): string[] {
  return [...grouped(failed, '**failed**'), ...grouped(missing, 'not run')];
}

function grouped(absent: Report['missing'], words: string): string[] {
  const scenarios = new Map<string, string[]>();
  for (const { scenario, contender, reason } of absent) {
    const line = `${contender}: ${reason.split('\n').at(-1)}`;
    scenarios.set(line, [...(scenarios.get(line) ?? []), scenario]);
  }
  return [...scenarios].map(([line, names]) => `- ${words}: ${line} (${names.join(', ')})`);
}

function cells(result: Result): string[] {
  const toZc = result.ratio.zc;
  const { mb_s, gap_ms } = result;
  return [
    result.contender,
    `${mb_s.median.toFixed(0)} (${mb_s.min.toFixed(0)}-${mb_s.max.toFixed(0)})`,
    number(result.samples_s.median),
    fixed(result.cpu_s_per_gb.median),
    result.cpu_s_per_gb_net ? fixed(result.cpu_s_per_gb_net.median) : '–',
    `${result.first_batch_ms.toFixed(1)} ms`,
    `${[gap_ms.p50, gap_ms.p99, gap_ms.max].map(fixed).join(', ')} ms`,
    `${result.pss_mb.toFixed(0)} MB`,
    toZc ? `${fixed(1 / toZc.median)} x` : '–',
  ];
}

function noted({ figures }: Result, name: string): string {
  const value = figures[name];
  return value ? `${number(value.median)} (${number(value.min)}-${number(value.max)})` : '–';
}

/** A Markdown table whose columns line up in a terminal too. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

function number(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 10_000) return `${(value / 1000).toFixed(0)}k`;
  return value >= 1000 ? value.toFixed(0) : fixed(value);
}

export function fixed(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
