import { instance } from '@viz-js/viz';
import { layers } from './allowed.js';
import { importsOf, isOurs, packageOf } from './imports.js';

/** An arrow of the picture: the sources of `from` import `to`. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** Which package's sources import which, each arrow once, in the order of the table. */
export function arrows(): Arrow[] {
  return Object.entries(layers)
    .filter(([, { folder }]) => folder.startsWith('packages/'))
    .flatMap(([from, { folder }]) => {
      const imported = new Set(
        importsOf(folder)
          .map((found) => found.specifier)
          .filter(isOurs)
          .map(packageOf),
      );
      return Object.keys(layers)
        .filter((to) => to !== from && imported.has(to))
        .map((to) => ({ from, to }));
    });
}

/** The packages and their imports as SVG; every arrow points down, as long as there is no circle. */
export async function drawPicture(): Promise<string> {
  const viz = await instance();
  const found = arrows();
  const names = Object.keys(layers).filter((name) => layers[name]!.folder.startsWith('packages/'));
  return viz.renderString(
    {
      graphAttributes: { rankdir: 'TB', nodesep: 0.5, ranksep: 0.6, bgcolor: 'white' },
      nodeAttributes: {
        shape: 'box',
        style: 'rounded',
        fontname: 'sans-serif',
        fontsize: 13,
        margin: '0.2,0.1',
      },
      edgeAttributes: { color: '#556677', arrowsize: 0.7 },
      nodes: names.map((name) => ({ name })),
      edges: found.map(({ from, to }) => ({ tail: from, head: to })),
    },
    { format: 'svg' },
  );
}

/**
 * How deep each package lies: 0 for the ones that nothing of ours imports.
 *
 * @throws Error where the imports make a circle
 */
export function depths(found: readonly Arrow[]): Map<string, number> {
  const depth = new Map<string, number>();
  const visit = (name: string, above: readonly string[]) => {
    if (above.includes(name)) throw new Error(`imports make a circle: ${[...above, name].join(' -> ')}`);
    if ((depth.get(name) ?? -1) >= above.length) return;
    depth.set(name, above.length);
    for (const { from, to } of found) if (from === name) visit(to, [...above, name]);
  };
  for (const { from } of found) visit(from, []);
  return depth;
}
