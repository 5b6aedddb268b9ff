import { writeFileSync } from 'node:fs';
import { bench } from './bench.js';
import { comparisonTable } from './comparison-table.js';
import { writeDocumentation } from './docs.js';
import { makeRivals } from './make-rivals.js';
import { type Options, parseOptions, USAGE } from './options.js';
import { toHtml } from './page/page.js';
import type { Report } from './report.js';
import { readReport } from './report-file.js';
import { selectScenarios } from './selection.js';
import { toMarkdown } from './table.js';

const INTERRUPTED = 130;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  switch (options.command) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'rivals':
      return (await makeRivals(options.rivals)) ? 0 : 1;
    case 'docs':
      for (const path of writeDocumentation()) process.stdout.write(`${path}\n`);
      return 0;
    case 'list':
      for (const { name, title } of await selectScenarios({ ...options, selection: 'all' })) {
        process.stdout.write(`${name.padEnd(28)} ${title}\n`);
      }
      return 0;
    case 'bench':
      return run(options);
  }
}

async function run(options: Options): Promise<number> {
  // Read first: that a file is no report must not be found out after an hour.
  const earlier = options.compare === undefined ? undefined : readReport(options.compare);
  const report = options.render === undefined ? await measure(options) : readReport(options.render);
  process.stdout.write(toMarkdown(report));
  if (earlier) process.stdout.write(comparisonTable(earlier, report));
  if (options.html !== undefined) writeFileSync(options.html, toHtml(report));
  if (options.render !== undefined) return 0;
  if (report.interrupted) return INTERRUPTED;
  return report.failed.length > 0 ? 1 : 0;
}

/** Ctrl-C ends the run with a report of what there is; a second one ends the process. */
async function measure(options: Options): Promise<Report> {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
  return bench(await selectScenarios(options), options, interrupt.signal);
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: Error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.exitCode = 1;
  },
);
