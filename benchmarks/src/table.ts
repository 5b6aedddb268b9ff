import type { Report, Result } from './report.js';

const HEADER = [
  'contender',
  'MB/s',
  'samples/s',
  'CPU s/GB',
  'net of consumer',
  'first batch',
  'PSS',
  'zc is',
];

/** The report as Markdown: a table for each scenario, then what was aimed at, then what did not run. */
export function toMarkdown(report: Report): string {
  const parts: string[] = [];
  for (const scenario of new Set(report.results.map((result) => result.scenario))) {
    const rows = report.results.filter((result) => result.scenario === scenario);
    const figures = [...new Set(rows.flatMap((result) => Object.keys(result.figures)))];
    const lines = rows.map((result) => [...cells(result), ...figures.map((name) => figure(result, name))]);
    parts.push(`### ${scenario}\n\n${table([[...HEADER, ...figures], ...lines])}`);
    const reaches = report.reaches.filter((reach) => reach.scenario === scenario);
    for (const { subject, than, measure, factor, ratio, met } of reaches) {
      const interval = `${fixed(ratio.low)} to ${ratio.high === null ? '?' : fixed(ratio.high)}`;
      parts.push(
        `- ${met ? 'met' : '**not met**'}: ${subject} / ${than}, ${measure}: ${fixed(ratio.median)} (${interval}), aimed at ${factor}`,
      );
    }
  }
  for (const { scenario, contender, reason } of report.failed) {
    parts.push(`- **failed**: ${scenario} / ${contender}: ${reason.split('\n').at(-1)}`);
  }
  for (const { scenario, contender, reason } of report.missing) {
    parts.push(`- not run: ${scenario} / ${contender}: ${reason}`);
  }
  return `${parts.join('\n')}\n`;
}

function cells(result: Result): string[] {
  const toZc = result.ratio.zc;
  return [
    result.contender,
    `${result.mb_s.median.toFixed(0)} (${result.mb_s.min.toFixed(0)}-${result.mb_s.max.toFixed(0)})`,
    thousands(result.samples_s.median),
    fixed(result.cpu_s_per_gb.median),
    result.cpu_s_per_gb_net ? fixed(result.cpu_s_per_gb_net.median) : '–',
    `${result.first_batch_ms.toFixed(1)} ms`,
    `${result.pss_mb.toFixed(0)} MB`,
    toZc ? `${fixed(1 / toZc.median)} x` : '–',
  ];
}

function figure({ figures }: Result, name: string): string {
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

export function thousands(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(0)}k` : value.toFixed(0);
}

function number(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  return value >= 1000 ? thousands(value) : fixed(value);
}

export function fixed(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
