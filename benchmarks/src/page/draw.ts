import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

const { document } = parseHTML('<!doctype html><html><body></body></html>');

/** Names of colours; what they are in light and in dark is told in `style.ts`. */
export const color = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  band: 'var(--band)',
  ours: 'var(--ours)',
  oursSoft: 'var(--ours-soft)',
  rival: 'var(--rival)',
  rivalSoft: 'var(--rival-soft)',
  background: 'var(--background)',
} as const;

/** Draws a plot as SVG text, whose colours are those of the page it stands in. */
export function draw(title: string, options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    ...options,
    document: document as unknown as Plot.PlotOptions['document'],
    ariaLabel: title,
    // Plot's own is random, and the same report must give the same page.
    className: 'plot',
    style: { background: 'none', color: color.ink, fontSize: '12px', overflow: 'visible' },
  }) as unknown as { outerHTML: string; querySelector(name: string): { remove(): void } | null };
  svg.querySelector('style')?.remove();
  return svg.outerHTML;
}

/** `zc` in our colour, its variants in a paler one, everybody else in grey. */
export function fillOf(contender: string): string {
  if (contender === 'zc') return color.ours;
  return contender.startsWith('zc-') ? color.oursSoft : color.rival;
}

/** Room for names on the left, as nobody measures text here: a character is about 7.2 px wide. */
export function marginFor(names: readonly string[]): number {
  return 12 + 7.2 * Math.max(...names.map((name) => name.length));
}

/** Names at the left of their rows, ours in our colour. */
export function rowNames(names: readonly string[]): Plot.Markish[] {
  const options = {
    y: (name: string) => name,
    text: (name: string) => name,
    frameAnchor: 'left',
    textAnchor: 'end',
    dx: -8,
  } as const;
  const isOurs = (name: string) => name === 'zc';
  return [
    Plot.text(
      names.filter((name) => !isOurs(name)),
      { ...options, fill: color.ink },
    ),
    Plot.text(names.filter(isOurs), { ...options, fill: color.ours, fontWeight: 700 }),
  ];
}

/** 1384.2 is "1,384", 0.974 is "0.97". */
export function figure(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
