import * as Plot from '@observablehq/plot';
import { GOAL, type GoalRow } from '../goal.js';
import type { Report, Result } from '../report.js';
import { color, draw, figure, fillOf, marginFor } from './draw.js';

const ROW_HEIGHT = 26;
/** Narrower plots have fewer marks on their axes. */
const ROOMY = 500;

/** Our throughput as a multiple of one `read()` a sample, by scenario, with the goal as a band. */
export function goalChart(rows: readonly GoalRow[], width: number): string {
  const names = rows.map(({ scenario }) => scenario);
  const points = rows.map(({ scenario, ratio, bound }) => ({
    scenario,
    value: ratio.median,
    low: Math.max(ratio.low, 0.1),
    high: ratio.high ?? ratio.median,
    bound: bound?.ratio.median,
  }));
  type Point = (typeof points)[number];
  const ends = points.flatMap(({ low, high, bound }) => [low, high, bound ?? high]);
  const ticks = (width < ROOMY ? [1, 3, 10, 30] : [0.5, 1, 2, 3, 5, 10, 20, 50]).filter(
    (tick) => tick <= Math.max(12, ...ends),
  );
  return draw('Throughput as a multiple of one read() a sample', {
    ...frame(names, width, 70),
    x: {
      type: 'log',
      domain: [Math.min(0.7, ...ends), Math.max(12, ...ends)],
      label: null,
      ticks,
      tickFormat: (value: number) => `${value} x`,
      tickSize: 0,
    },
    marks: [
      Plot.rect([GOAL], { x1: 'from', x2: 'to', fill: color.band }),
      Plot.text(['the goal'], {
        x: Math.sqrt(GOAL.from * GOAL.to),
        frameAnchor: 'top',
        dy: -12,
        fill: color.muted,
      }),
      Plot.gridX(ticks, { stroke: color.grid, strokeOpacity: 1 }),
      Plot.text(names, {
        y: (name: string) => name,
        text: (name: string) => name,
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -8,
      }),
      Plot.ruleY(points, { y: 'scenario', x1: 'low', x2: 'high', stroke: color.ours, strokeWidth: 2 }),
      Plot.tickX(
        points.filter(({ bound }) => bound !== undefined),
        { y: 'scenario', x: 'bound', stroke: color.ink, strokeWidth: 2, insetTop: 5, insetBottom: 5 },
      ),
      Plot.dot(points, { y: 'scenario', x: 'value', r: 5, fill: color.ours }),
      rightColumn(points, ({ value }: Point) => `${figure(value)} x`),
    ],
  });
}

/** Every loader's share of what the hardware gives, by scenario. */
export function rooflineChart({ results, scenarios }: Report, width: number): string {
  const points = results
    .filter(({ yardstick, ratio }) => yardstick === null && ratio.limit !== undefined)
    .map(({ scenario, contender, ratio }) => ({
      scenario,
      contender,
      share: ratio.limit!.median * 100,
      low: ratio.limit!.low * 100,
      high: (ratio.limit!.high ?? ratio.limit!.median) * 100,
    }));
  type Point = (typeof points)[number];
  const names = [...new Set(points.map(({ scenario }) => scenario))];
  const kind = new Map(scenarios.map(({ name, limit }) => [name, limit]));
  const label = (name: string) => `${name} (${kind.get(name)})`;
  const ours = points.filter(({ contender }) => contender === 'zc');
  const isVariant = ({ contender }: Point) => contender.startsWith('zc-');
  const end = Math.max(110, ...points.map(({ share }) => share));
  const ticks = width < ROOMY ? 2 : 5;
  return draw('Share of what the hardware gives', {
    ...frame(names.map(label), width, 60),
    y: { type: 'band', domain: names, axis: null, padding: 0 },
    x: { domain: [0, end], label: null, ticks, tickFormat: (value: number) => `${value} %`, tickSize: 0 },
    marks: [
      Plot.gridX({ stroke: color.grid, strokeOpacity: 1, ticks }),
      Plot.ruleX([100], { stroke: color.ink, strokeDasharray: '3,3' }),
      Plot.text(['the limit'], { x: 100, frameAnchor: 'top', dy: -12, fill: color.muted }),
      Plot.text(names, {
        y: (name: string) => name,
        text: label,
        frameAnchor: 'left',
        textAnchor: 'end',
        dx: -8,
      }),
      Plot.dot(
        points.filter((point) => point.contender !== 'zc' && !isVariant(point)),
        { y: 'scenario', x: 'share', r: 4, fill: color.rival, fillOpacity: 0.8 },
      ),
      Plot.dot(points.filter(isVariant), { y: 'scenario', x: 'share', r: 4, fill: color.oursSoft }),
      Plot.ruleY(ours, {
        y: 'scenario',
        x1: (point: Point) => Math.max(0, point.low),
        x2: (point: Point) => Math.min(end, point.high),
        stroke: color.ours,
        strokeWidth: 2,
      }),
      Plot.dot(ours, { y: 'scenario', x: 'share', r: 5, fill: color.ours }),
      rightColumn(ours, ({ share }: Point) => `${share.toFixed(0)} %`),
    ],
  });
}

/** The scenarios that the README shows, in its words. */
export const HEADLINE = [
  { scenario: 'cold-rand-110k', words: 'Node, cold disk, 110 KB rows' },
  { scenario: 'warm-rand-110k', words: 'Node, page cache, 110 KB rows' },
  { scenario: 'warm-rand-3k', words: 'Node, page cache, 3 KB rows' },
  { scenario: 'torch-warm-110k', words: 'PyTorch, page cache, 110 KB rows' },
  { scenario: 'torch-warm-3k', words: 'PyTorch, page cache, 3 KB rows' },
] as const;

const HEADLINE_CONTENDERS = [
  'zc',
  'zc-direct',
  'read-reused',
  'read-fresh',
  'gather',
  'torch-dataloader',
  'limit',
];

/** One plot for the README: the strongest simple rivals beside the usual ones, whatever comes of it. */
export function headlineChart({ results }: Report): string {
  const bars = HEADLINE.flatMap(({ scenario, words }) =>
    results
      .filter((result) => result.scenario === scenario && isInHeadline(result))
      .map(({ contender, mb_s: { median, min, max } }) => ({
        words,
        contender,
        value: median,
        low: min,
        high: max,
      }))
      .sort((a, b) => b.value - a.value),
  );
  type Bar = (typeof bars)[number];
  const keyOf = ({ words, contender }: Bar) => `${words}/${contender}`;
  const titles = HEADLINE.map(({ words }) => words).filter((words) =>
    bars.some((bar) => bar.words === words),
  );
  const rows = titles.flatMap((words) => [words, ...bars.filter((bar) => bar.words === words).map(keyOf)]);
  const end = Math.max(...bars.map(({ high }) => high));
  const marginLeft = marginFor(HEADLINE_CONTENDERS);
  const nameOf = (bar: Bar) => ({ limit: 'the limit' })[bar.contender as 'limit'] ?? bar.contender;
  const name = { y: keyOf, text: nameOf, frameAnchor: 'left', textAnchor: 'end', dx: -8 } as const;
  return draw('Throughput, MB/s', {
    width: 760,
    height: 16 + rows.length * 21,
    marginTop: 8,
    marginRight: 8,
    marginBottom: 8,
    marginLeft,
    y: { type: 'band', domain: rows, axis: null, padding: 0 },
    x: { domain: [0, end * 1.12], axis: null },
    marks: [
      Plot.text(titles, {
        y: (title: string) => title,
        text: (title: string) => title,
        frameAnchor: 'left',
        textAnchor: 'start',
        dy: 3,
        fontWeight: 700,
        fill: color.ink,
      }),
      Plot.text(
        bars.filter(({ contender }) => contender !== 'zc'),
        { ...name, fill: color.ink },
      ),
      Plot.text(
        bars.filter(({ contender }) => contender === 'zc'),
        { ...name, fill: color.ours, fontWeight: 700 },
      ),
      Plot.barX(bars, {
        y: keyOf,
        x: 'value',
        fill: ({ contender }: Bar) => (contender === 'limit' ? color.rivalSoft : fillOf(contender)),
        insetTop: 3,
        insetBottom: 3,
      }),
      Plot.ruleY(bars, { y: keyOf, x1: 'low', x2: 'high', stroke: color.ink, strokeWidth: 1.5 }),
      Plot.text(bars, {
        y: keyOf,
        x: 'high',
        text: ({ value }: Bar) => figure(value),
        textAnchor: 'start',
        dx: 6,
        fill: color.ink,
      }),
    ],
  });
}

function isInHeadline({ contender }: Result): boolean {
  return HEADLINE_CONTENDERS.includes(contender);
}

function rightColumn<T>(points: readonly T[], text: (point: T) => string): Plot.Markish {
  return Plot.text(points as T[], {
    y: 'scenario',
    frameAnchor: 'right',
    textAnchor: 'start',
    dx: 10,
    text,
    fill: color.ours,
    fontWeight: 700,
  });
}

function frame(names: readonly string[], width: number, marginRight: number) {
  return {
    width,
    height: 24 + 28 + names.length * ROW_HEIGHT,
    marginTop: 24,
    marginRight,
    marginBottom: 28,
    marginLeft: marginFor(names),
    y: { type: 'band', domain: names, axis: null, padding: 0 },
  } as const;
}
