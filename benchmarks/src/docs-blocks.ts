import { GOAL, goalRows } from './goal.js';
import { figure } from './page/draw.js';
import type { Report, ReportRatio } from './report.js';
import { machineLines, methodLine, verdictOf, warningsOf } from './report-words.js';
import { absentLines, reachLine, scenarioTable, table } from './table.js';

/** What the README shows: the plot, what its names mean, and the ratios that it is read for. */
export function readmeBlocks(report: Report): Record<string, string> {
  const { cpu, cores, hypervisor, filesystem } = report.machine;
  const machine = `${cores} cores (${cpu}${hypervisor && hypervisor !== 'none' ? `, ${hypervisor}` : ''}) and ${filesystem}`;
  const against = (scenario: string, rival: string) => {
    const ratio = report.results.find((each) => each.scenario === scenario && each.contender === 'zc')?.ratio[
      rival
    ];
    return ratio ? `${interval(ratio)} x` : 'not measured';
  };
  const headline = `
${picture('docs/benchmarks')}

MB/s of random rows on ${machine}, every byte summed, ${report.date.slice(0, 10)}: medians, with the range over the rounds, and ratios with their 95 % intervals. \`read-fresh\` is one \`read()\` a sample into a new buffer, \`read-reused\` into the same one again, \`gather\` a batch gathered by hand from \`np.memmap\` inside the trainer; the limit is what fio gets past the page cache, or what one thread copies.

Against one \`read()\` a sample, \`zc\` is ${against('cold-rand-110k', 'read-fresh')} from a cold disk, and ${against('warm-rand-110k', 'read-fresh')} (110 KB rows) and ${against('warm-rand-3k', 'read-fresh')} (3 KB) from the page cache; into a buffer that is used again, ${against('cold-rand-110k', 'read-reused')}, ${against('warm-rand-110k', 'read-reused')} and ${against('warm-rand-3k', 'read-reused')}. In PyTorch it is ${against('torch-warm-110k', 'torch-dataloader')} and ${against('torch-warm-3k', 'torch-dataloader')} \`torch.utils.data.DataLoader\` over \`np.memmap\`, and ${against('torch-warm-110k', 'gather')} and ${against('torch-warm-3k', 'gather')} the gather by hand. [All scenarios, the method, and what was not reached](docs/benchmarks.md).`;
  return { headline };
}

/** What `docs/benchmarks.md` shows of a run. */
export function docsBlocks(report: Report): Record<string, string> {
  const notMet = report.reaches.filter(({ met }) => !met);
  const noisy = report.reaches.filter((reach) => verdictOf(reach) === 'met within the noise');
  return {
    run: [methodLine(report), ...warningsOf(report).map((warning) => `**${warning}**`)].join('\n\n'),
    plot: picture('benchmarks'),
    goal: goalTable(report),
    aims: `${report.reaches.length - notMet.length} of ${report.reaches.length} were reached, ${noisy.length} of them within the noise alone. Those that were not:\n\n${notMet.map(reachLine).join('\n') || 'none.'}`,
    scenarios: report.scenarios.map((scenario) => scenarioPart(report, scenario)).join('\n\n'),
    absent: absentLines(report).join('\n') || 'All contenders ran.',
    machine: table([['what', 'is'], ...machineLines(report)]),
  };
}

function picture(folder: string): string {
  return `<picture>
  <source media="(prefers-color-scheme: dark)" srcset="${folder}/throughput-dark.svg">
  <img alt="Throughput of zc beside simple and usual ways of reading, and the limit" src="${folder}/throughput-light.svg">
</picture>`;
}

const OUTCOMES = {
  met: () => 'met',
  'met within the noise': () => 'met within the noise',
  'not met': () => '**not met**',
  forbidden: (bound: string) => `**not met**, and out of reach: \`${bound}\` itself is below ${GOAL.from}`,
  unknown: () => 'unknown (one round)',
};

function goalTable(report: Report): string {
  const rows = goalRows(report).map(({ scenario, ratio, bound, outcome }) => [
    scenario,
    interval(ratio),
    bound ? `${figure(bound.ratio.median)} (\`${bound.name}\`)` : '–',
    OUTCOMES[outcome](bound?.name ?? ''),
  ]);
  return table([['scenario', 'zc / read-fresh', 'yardstick', `${GOAL.from} to ${GOAL.to} x`], ...rows]);
}

function scenarioPart(report: Report, { name, title }: Report['scenarios'][number]): string {
  const reaches = report.reaches.filter(({ scenario }) => scenario === name);
  const heading = `### ${name}\n\n${title[0]!.toUpperCase()}${title.slice(1)}.`;
  return [heading, scenarioTable(report, name), reaches.map(reachLine).join('\n')]
    .filter(Boolean)
    .join('\n\n');
}

function interval({ median, low, high }: ReportRatio): string {
  return high === null ? figure(median) : `${figure(median)} (${figure(low)} to ${figure(high)})`;
}
