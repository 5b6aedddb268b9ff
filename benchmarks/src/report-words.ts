import { lessIsBetter, type Measure } from './measure.js';
import type { ReachResult, Report } from './report.js';

/** Above this many cores that were busy with something else, figures are not to be trusted. */
const FOREIGN_CORES_MAX = 0.1;

/** More scenarios than these are told by their number. */
const NAMES_MAX = 6;

/** When, how long and by what method, in one sentence. */
export function methodLine({ date, seconds, method, results }: Report): string {
  const rounds = results.map((result) => result.rounds);
  const [fewest, most] = [Math.min(...rounds), Math.max(...rounds)];
  const range = fewest === most ? String(most) : `${fewest} to ${most}`;
  return (
    `${date.slice(0, 10)}, ${date.slice(11, 16)} UTC, ${(seconds / 60).toFixed(0)} minutes. ` +
    `Rounds of ${method.minSeconds} s or an epoch, ${method.warmUps} discarded, then ${range} a contender. ` +
    'Medians, with the range over the rounds; of ratios, 95 % intervals of rounds in pairs.'
  );
}

/** What a reader must know before believing the figures; nothing where all is well. */
export function warningsOf(report: Report): string[] {
  const warnings: string[] = [];
  const { results } = report;
  if (report.interrupted) warnings.push('This run was interrupted: it holds what had been measured by then.');
  const days = report.scenarios.map(({ date }) => date).sort();
  if (days[0] !== days.at(-1)) {
    const [first, last] = [days[0]!, days.at(-1)!].map((date) => date.slice(0, 16).replace('T', ', '));
    warnings.push(
      `Measured in parts, which began between ${first} and ${last} UTC; each scenario in one of them.`,
    );
  }
  const few = results.filter(({ rounds }) => rounds < 3);
  if (few.length > 0) {
    const scenarios = new Set(few.map(({ scenario }) => scenario));
    warnings.push(`Fewer than three rounds in ${scenarios.size} scenarios: their intervals are very wide.`);
  }
  const loaded = results.filter(({ foreign_cores }) => foreign_cores.median > FOREIGN_CORES_MAX);
  if (loaded.length > 0) {
    const worst = Math.max(...loaded.map(({ foreign_cores }) => foreign_cores.median));
    const all = [...new Set(loaded.map(({ scenario }) => scenario))];
    const names = all
      .slice(0, NAMES_MAX)
      .concat(all.length > NAMES_MAX ? `${all.length - NAMES_MAX} more` : []);
    warnings.push(
      `Something else ran: more than ${FOREIGN_CORES_MAX} of a core, up to ${worst.toFixed(1)}, in ${names.join(', ')}.`,
    );
  }
  return warnings;
}

/** Whether an aim was reached; where the interval includes it, but lies not wholly beyond it, that is told. */
export function verdictOf({
  measure,
  factor,
  ratio,
  met,
}: ReachResult): 'met' | 'met within the noise' | 'not met' {
  if (!met) return 'not met';
  const { median, low, high } = ratio;
  const isBeyond = lessIsBetter(measure as Measure) ? (high ?? median) <= factor : low >= factor;
  return isBeyond ? 'met' : 'met within the noise';
}

/** The machine's record, a name and a value a line. */
export function machineLines({ machine }: Report): [string, string][] {
  return Object.entries(machine).map(([name, value]) => [name.replaceAll('_', ' '), wordsOf(value)]);
}

function wordsOf(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return value.map(wordsOf).join(', ');
  return Object.entries(value)
    .map(([name, each]) => `${name.replaceAll('_', ' ')} ${wordsOf(each)}`)
    .join('; ');
}
