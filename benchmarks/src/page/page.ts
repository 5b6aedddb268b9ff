import { GOAL, type GoalRow, goalRows } from '../goal.js';
import type { Report, ReportRatio } from '../report.js';
import { machineLines, methodLine, verdictOf, warningsOf } from '../report-words.js';
import { figure } from './draw.js';
import { escaped, htmlTable, verdict } from './html.js';
import { goalChart, rooflineChart } from './overview-charts.js';
import { scenarioSection } from './scenario-section.js';
import { STYLE } from './style.js';

const [WIDE, NARROW] = [760, 380];

/** The whole report as one page that needs nothing from elsewhere. */
export function toHtml(report: Report): string {
  const families = [...new Set(report.scenarios.map(({ family }) => family ?? 'other'))];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ZC-Loader: benchmarks of ${report.date.slice(0, 10)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>ZC-Loader: benchmarks</h1>
<p class="muted">${escaped(methodLine(report))}</p>
${warningsOf(report)
  .map((warning) => `<p class="warning">${escaped(warning)}</p>`)
  .join('\n')}
<nav>${report.scenarios.map(({ name }) => `<a href="#${escaped(name)}">${escaped(name)}</a>`).join(' ')} <a href="#machine">the machine</a></nav>
${goalSection(goalRows(report))}
${rooflineSection(report)}
${aimsSection(report)}
${families
  .map((family) => {
    const own = report.scenarios.filter((scenario) => (scenario.family ?? 'other') === family);
    return `<h2>${escaped(FAMILY_TITLES[family] ?? family)}</h2>\n${own.map((scenario) => scenarioSection(report, scenario)).join('\n')}`;
  })
  .join('\n')}
${absentSection('Failed', report.failed)}
${absentSection('Not run', report.missing)}
<h2 id="machine">The machine</h2>
<dl>${machineLines(report)
    .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
    .join('\n')}</dl>
</body>
</html>
`;
}

const FAMILY_TITLES: Readonly<Record<string, string>> = {
  io: 'The engine, in Node.js',
  node: 'Beside what Node.js programs read with',
  torch: 'PyTorch',
  pack: 'Writing datasets',
  scale: 'At scale',
};

function goalSection(rows: readonly GoalRow[]): string {
  if (rows.length === 0) return '';
  const tell = (row: GoalRow) => [
    `<a href="#${escaped(row.scenario)}">${escaped(row.scenario)}</a>`,
    interval(row.ratio),
    row.bound ? `${figure(row.bound.ratio.median)} (${escaped(row.bound.name)})` : '–',
    outcome(row),
  ];
  return `<h2>The founding goal: ${GOAL.from} to ${GOAL.to} times one <code>read()</code> a sample</h2>
<p class="muted">Throughput of <code>zc</code> divided by that of a <code>read()</code> into a fresh buffer for each sample, with its 95 % interval. The short stroke is what the hardware, or the consumer alone, allows at most.</p>
${twoWidths((width) => goalChart(rows, width))}
${htmlTable(['scenario', 'times read-fresh', 'at most', 'the goal is'], rows.map(tell))}`;
}

function outcome({ outcome: word, bound }: GoalRow): string {
  if (word === 'met' || word === 'met within the noise') return verdict(word);
  if (word === 'forbidden') return `${verdict('not met')}, and out of reach: ${escaped(bound!.name)}`;
  return word === 'unknown' ? 'unknown: one round' : verdict('not met');
}

function rooflineSection(report: Report): string {
  if (!report.results.some(({ yardstick, ratio }) => yardstick === null && ratio.limit)) return '';
  return `<h2>How much of the hardware</h2>
<p class="muted">Each dot is a loader's share of what fio gets from the same files past the page cache, or of what one thread copies (memcpy). <code>zc</code> with its 95 % interval; paler, its fixed modes; grey, everybody else. More than 100 % is possible where pages are already in memory, or more than one thread copies.</p>
${twoWidths((width) => rooflineChart(report, width))}`;
}

function aimsSection({ reaches }: Report): string {
  if (reaches.length === 0) return '';
  const met = reaches.filter((reach) => reach.met).length;
  const rows = reaches.map((reach) => {
    const { scenario, subject, than, measure, factor, ratio } = reach;
    return [
      `<a href="#${escaped(scenario)}">${escaped(scenario)}</a>`,
      escaped(`${subject} / ${than}`),
      escaped(measure),
      interval(ratio),
      figure(factor),
      verdict(verdictOf(reach)),
    ];
  });
  return `<h2>What was aimed at: ${met} of ${reaches.length} met</h2>
<p class="muted">An aim counts as met if the 95 % interval includes it.</p>
<details><summary>all of them</summary>${htmlTable(['scenario', 'ratio of', 'measure', 'is', 'aim', ''], rows)}</details>`;
}

function absentSection(title: string, absent: Report['missing']): string {
  if (absent.length === 0) return '';
  const reasons = new Map<string, string[]>();
  for (const { scenario, contender, reason } of absent) {
    const key = `${contender}\n${reason.split('\n').at(-1)}`;
    reasons.set(key, [...(reasons.get(key) ?? []), scenario]);
  }
  const rows = [...reasons].map(([key, scenarios]) => [
    ...key.split('\n').map(escaped),
    escaped(scenarios.join(', ')),
  ]);
  return `<h2>${title}</h2>\n${htmlTable(['contender', 'reason', 'scenarios'], rows, () => 'text')}`;
}

function twoWidths(chart: (width: number) => string): string {
  return `<div class="wide">${chart(WIDE)}</div><div class="narrow">${chart(NARROW)}</div>`;
}

function interval({ median, low, high }: ReportRatio): string {
  return high === null ? figure(median) : `${figure(median)} (${figure(low)} to ${figure(high)})`;
}
