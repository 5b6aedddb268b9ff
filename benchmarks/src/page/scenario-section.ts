import type { Report, Result, ScenarioFacts } from '../report.js';
import { verdictOf } from '../report-words.js';
import { figure } from './draw.js';
import { escaped, htmlTable, verdict } from './html.js';
import { cpuChart, figureChart, gapChart, loadersOf, throughputChart } from './scenario-charts.js';

const HEADER = [
  'contender',
  'MB/s',
  'samples/s',
  'CPU s/GB',
  'net',
  'first batch ms',
  'gap p50',
  'p99',
  'max ms',
  'PSS MB',
  'faults/GB',
  'switches/GB',
  'zc is',
  'rounds',
];

/** One scenario: its question, its plots, its aims, and the figures behind a click. */
export function scenarioSection(report: Report, { name, title, limit, family }: ScenarioFacts): string {
  const results = report.results.filter(({ scenario }) => scenario === name);
  const heading = `<h3 id="${escaped(name)}">${escaped(title[0]!.toUpperCase() + title.slice(1))}</h3>\n<p class="muted"><code>${escaped(name)}</code></p>`;
  if (loadersOf(results).length === 0) return `${heading}\n<p>No contender ran.</p>`;
  const events = [...new Set(results.flatMap((result) => Object.keys(result.events_per_gb)))];
  const figures = [...new Set(results.flatMap((result) => Object.keys(result.figures)))];
  // Where contenders note figures of their own, bytes per second are not the question.
  const charts =
    figures.length > 0
      ? figures.map((each) => chart(captionOf(each), figureChart(results, each)))
      : [
          chart('Throughput, MB/s: median and range', throughputChart(results, limit)),
          chart('CPU seconds per GB: the loader, of the whole', cpuChart(results)),
          ...(hasGaps(results) && family !== 'pack'
            ? [chart('Between batches: ● median ┃ p99, ms ○ longest', gapChart(results))]
            : []),
        ];
  return `${heading}
<div class="charts">${charts.join('\n')}</div>
${aims(report, name)}
<details><summary>figures</summary>${htmlTable(
    [...HEADER, ...events.map((each) => `${escaped(each)}/GB`)],
    results.map((result) => [
      ...cells(result),
      ...events.map((each) => figure(result.events_per_gb[each] ?? 0)),
    ]),
    ([first]) => (first === 'zc' ? 'ours' : ''),
  )}</details>`;
}

/** `get_p50_us` is "get p50, us". */
function captionOf(name: string): string {
  return name.replaceAll('_', ' ').replace(/ (us|ms|mb)$/, ', $1');
}

function chart(caption: string, svg: string): string {
  return `<figure><h4>${escaped(caption)}</h4>${svg}</figure>`;
}

function hasGaps(results: readonly Result[]): boolean {
  return loadersOf(results).some(({ gap_ms }) => gap_ms.p50 > 0.001);
}

function aims({ reaches }: Report, name: string): string {
  const own = reaches.filter(({ scenario }) => scenario === name);
  if (own.length === 0) return '';
  const words = own.map((reach) => {
    const { subject, than, measure, factor, ratio } = reach;
    const what = measure === 'mb_s' ? '' : `, ${measure}`;
    return `${escaped(`${subject} / ${than}${what}`)} ${figure(ratio.median)}, aim ${figure(factor)}: ${verdict(verdictOf(reach))}`;
  });
  return `<p class="muted">${words.join(' · ')}</p>`;
}

function cells(result: Result): string[] {
  const { mb_s, samples_s, cpu_s_per_gb, cpu_s_per_gb_net, gap_ms, ratio } = result;
  return [
    escaped(result.contender),
    `${figure(mb_s.median)} (${figure(mb_s.min)}–${figure(mb_s.max)})`,
    figure(samples_s.median),
    figure(cpu_s_per_gb.median),
    cpu_s_per_gb_net ? figure(cpu_s_per_gb_net.median) : '–',
    figure(result.first_batch_ms),
    figure(gap_ms.p50),
    figure(gap_ms.p99),
    figure(gap_ms.max),
    figure(result.pss_mb),
    figure(result.page_faults_per_gb),
    figure(result.context_switches_per_gb),
    ratio.zc ? `${figure(1 / ratio.zc.median)} x` : '–',
    String(result.rounds),
  ];
}
