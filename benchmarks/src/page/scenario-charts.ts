import * as Plot from '@observablehq/plot';
import type { Result } from '../report.js';
import { color, draw, figure, fillOf, marginFor, rowNames } from './draw.js';

/** As wide as a telephone; on a desk three stand side by side. */
const WIDTH = 360;
const ROW_HEIGHT = 22;
const GAP_MIN_MS = 0.001;

interface Bar {
  readonly contender: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Throughput of each loader, median and range, the fastest first, with the hardware's limit as a line. */
export function throughputChart(results: readonly Result[], limitName: string | null): string {
  const limit = results.find(({ yardstick }) => yardstick === 'limit')?.mb_s.median;
  const bars = loadersOf(results)
    .map(({ contender, mb_s: { median, min, max } }) => ({ contender, value: median, low: min, high: max }))
    .sort((a, b) => b.value - a.value);
  const words = limit === undefined ? undefined : `${limitName ?? 'limit'} ${figure(limit)}`;
  return barChart(
    'Throughput, MB/s',
    bars,
    limit === undefined ? undefined : { value: limit, words: words! },
  );
}

/** A figure that contenders noted by themselves, the least first unless more is better. */
export function figureChart(results: readonly Result[], name: string): string {
  const bars = results
    .filter(({ figures }) => figures[name] !== undefined)
    .map(({ contender, figures }) => {
      const { median, min, max } = figures[name]!;
      return { contender, value: median, low: min, high: max };
    })
    .sort((a, b) => (name.endsWith('_per_s') ? b.value - a.value : a.value - b.value));
  return barChart(name.replaceAll('_', ' '), bars);
}

function barChart(title: string, bars: readonly Bar[], limit?: { value: number; words: string }): string {
  const names = bars.map(({ contender }) => contender);
  const end = Math.max(limit?.value ?? 0, ...bars.map(({ high }) => high));
  return draw(title, {
    ...frame(names, { marginTop: limit ? 24 : 8 }),
    x: { domain: [0, end * 1.22], axis: null },
    marks: [
      ...rowNames(names),
      Plot.barX(bars, {
        y: 'contender',
        x: 'value',
        fill: ({ contender }: Bar) => fillOf(contender),
        insetTop: 3,
        insetBottom: 3,
      }),
      Plot.ruleY(bars, { y: 'contender', x1: 'low', x2: 'high', stroke: color.ink, strokeWidth: 1.5 }),
      ...(limit ? limitLine(limit) : []),
      Plot.text(bars, {
        y: 'contender',
        x: 'high',
        text: ({ value }: Bar) => figure(value),
        textAnchor: 'start',
        dx: 6,
        fill: color.ink,
        stroke: color.background,
        strokeWidth: 4,
      }),
    ],
  });
}

/** The limit's name stands on that side of its line where there is more room. */
function limitLine({ value, words }: { value: number; words: string }): Plot.Markish[] {
  return [
    Plot.ruleX([value], { stroke: color.ink, strokeDasharray: '3,3' }),
    Plot.text([words], {
      x: value,
      frameAnchor: 'top',
      dy: -14,
      textAnchor: 'middle',
      text: (each: string) => each,
      fill: color.muted,
    }),
  ];
}

/** CPU seconds per GB: what the loader needs, and, paler, what the consumer alone needs. */
export function cpuChart(results: readonly Result[]): string {
  const bars = loadersOf(results)
    .map(({ contender, cpu_s_per_gb: whole, cpu_s_per_gb_net: net }) => {
      const own = Math.max(0, net?.median ?? whole.median);
      return {
        contender,
        own,
        whole: Math.max(own, whole.median),
        words: net ? `${figure(own)} of ${figure(whole.median)}` : figure(own),
      };
    })
    .sort((a, b) => a.whole - b.whole);
  const names = bars.map(({ contender }) => contender);
  type CpuBar = (typeof bars)[number];
  const common = {
    y: 'contender',
    insetTop: 3,
    insetBottom: 3,
    fill: ({ contender }: CpuBar) => fillOf(contender),
  };
  return draw('CPU seconds per GB', {
    ...frame(names),
    x: { domain: [0, Math.max(...bars.map(({ whole }) => whole)) * 1.45], axis: null },
    marks: [
      ...rowNames(names),
      Plot.barX(bars, { ...common, x1: 0, x2: 'own' }),
      Plot.barX(bars, { ...common, x1: 'own', x2: 'whole', fillOpacity: 0.35 }),
      Plot.text(bars, {
        y: 'contender',
        x: 'whole',
        text: 'words',
        textAnchor: 'start',
        dx: 6,
        fill: color.ink,
      }),
    ],
  });
}

/** Time between batches on a scale of decades: half of the gaps, 99 % of them, and the longest. */
export function gapChart(results: readonly Result[]): string {
  const rows = loadersOf(results)
    .filter(({ gap_ms }) => gap_ms.p50 >= GAP_MIN_MS)
    .map(({ contender, gap_ms }) => ({ contender, ...gap_ms }))
    .sort((a, b) => a.p99 - b.p99);
  const names = rows.map(({ contender }) => contender);
  type GapRow = (typeof rows)[number];
  const stroke = ({ contender }: GapRow) => fillOf(contender);
  return draw('Time between batches, ms', {
    ...frame(names, { marginRight: 46, marginBottom: 26 }),
    x: {
      type: 'log',
      label: null,
      ticks: decades(rows),
      tickFormat: (ms: number) => `${ms} ms`,
      tickSize: 0,
    },
    marks: [
      Plot.gridX(decades(rows), { stroke: color.grid, strokeOpacity: 1 }),
      ...rowNames(names),
      Plot.ruleY(rows, { y: 'contender', x1: 'p50', x2: 'max', stroke, strokeWidth: 1.5 }),
      Plot.dot(rows, { y: 'contender', x: 'max', r: 3.5, stroke, strokeWidth: 1.5, fill: color.background }),
      Plot.tickX(rows, { y: 'contender', x: 'p99', stroke, strokeWidth: 3, insetTop: 5, insetBottom: 5 }),
      Plot.dot(rows, { y: 'contender', x: 'p50', r: 4, fill: stroke }),
      Plot.text(rows, {
        y: 'contender',
        frameAnchor: 'right',
        textAnchor: 'start',
        dx: 8,
        text: ({ p99 }: GapRow) => figure(p99),
        fill: color.ink,
      }),
    ],
  });
}

function decades(rows: readonly { p50: number; max: number }[]): number[] {
  const [from, to] = [Math.min(...rows.map(({ p50 }) => p50)), Math.max(...rows.map(({ max }) => max))];
  const [first, last] = [Math.ceil(Math.log10(from)), Math.floor(Math.log10(to))];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number((10 ** (first + i)).toPrecision(1)),
  );
}

function frame(names: readonly string[], { marginTop = 8, marginRight = 8, marginBottom = 8 } = {}) {
  return {
    width: WIDTH,
    height: marginTop + marginBottom + names.length * ROW_HEIGHT,
    marginTop,
    marginRight,
    marginBottom,
    marginLeft: marginFor(names),
    y: { type: 'band', domain: names, axis: null, padding: 0 },
  } as const;
}

export function loadersOf(results: readonly Result[]): Result[] {
  return results.filter(({ yardstick }) => yardstick === null);
}
