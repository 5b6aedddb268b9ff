import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { docsBlocks, readmeBlocks } from './docs-blocks.js';
import { script } from './folders.js';
import { fillBlocks } from './generated-blocks.js';
import { headlineChart } from './page/overview-charts.js';
import { toHtml } from './page/page.js';
import { standaloneSvg } from './page/style.js';
import { readReport } from './report-file.js';

const ROOT = '..';
/** The run that the documentation shows. */
export const LAST_RUN = script(`${ROOT}/docs/benchmarks/last-run.json`);

/** Everything in the documentation that comes from the last run: absolute paths, and what the files have to be. */
export function documentation(): Map<string, string> {
  const report = readReport(LAST_RUN);
  const at = (path: string) => script(`${ROOT}/${path}`);
  const chart = headlineChart(report);
  return new Map([
    [at('README.md'), fillBlocks(readFileSync(at('README.md'), 'utf8'), readmeBlocks(report))],
    [
      at('docs/benchmarks.md'),
      fillBlocks(readFileSync(at('docs/benchmarks.md'), 'utf8'), docsBlocks(report)),
    ],
    [at('docs/benchmarks/throughput-light.svg'), standaloneSvg(chart, 'light')],
    [at('docs/benchmarks/throughput-dark.svg'), standaloneSvg(chart, 'dark')],
    [at('docs/benchmarks/last-run.html'), toHtml(report)],
  ]);
}

/** Writes it; returns the paths. */
export function writeDocumentation(): string[] {
  const files = documentation();
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return [...files.keys()];
}
