import { parseArgs } from 'node:util';
import { ENVIRONMENTS } from '../rivals/environments.js';
import { dataFolder } from './folders.js';
import { parseBytes } from './memory-limit.js';
import { FULL, type Method, QUICK, SMOKE } from './method.js';
import { FAMILIES, type Family } from './scenario.js';

export const USAGE = `usage: npm run bench -- [${FAMILIES.join(' | ')}] [options]

Which scenarios; without a family and without --full the essential ones, in a few minutes
  --full              all of them, with the method of figures that are published
  --scenario A,B      these alone
  --contender A,B     these contenders alone
  --list              what there is

How long
  --minutes N         about so long for all scenarios together: the essential ones first, each has its share, two rounds at least
  --rounds N          at most so many rounds a scenario; ${FULL.roundsMax} by default
  --round-seconds N   a round is whole epochs for so long; ${FULL.minSeconds} by default, ${QUICK.minSeconds} for the essential ones
  --smoke             each scenario once at a tiny size: does it run, not how fast

Under which conditions
  --memory SIZE       each contender in a control group of so much memory (4G), its page cache included; needs root
  --events A,B        counted by perf stat in each round: cycles,instructions,cache-misses

What comes of it; the tables are printed as well
  --json FILE         the report, written anew after each scenario
  --add               keeps what that file already has of other scenarios: a long run in parts
  --html FILE         the same as a page with plots
  --compare FILE      what changed since an earlier report, as far as the noise of both lets that be told

Instead of a run
  --render FILE       the tables, and with --html the page, of a report that was kept
  --docs              what the documentation shows of docs/benchmarks/last-run.json: plots, page and tables
  --rivals [A,B]      make the environments of other libraries, or some: ${Object.keys(ENVIRONMENTS).join(', ')}

Sets are made once, in ${dataFolder()} (ZC_BENCH_DATA overrides).
`;

export interface Options {
  readonly command: 'bench' | 'list' | 'rivals' | 'docs' | 'help';
  readonly families: readonly Family[];
  readonly scenarios: readonly string[] | undefined;
  readonly contenders: readonly string[] | undefined;
  /** Environments to be made; all where none is named. */
  readonly rivals: readonly string[];
  readonly selection: 'essential' | 'all' | 'smoke';
  readonly method: Method;
  /** For all scenarios together. */
  readonly minutes: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly events: readonly string[] | undefined;
  readonly json: string | undefined;
  /** Whether the file at `json` keeps what it has of other scenarios. */
  readonly add: boolean;
  readonly html: string | undefined;
  /** A report that is shown instead of a new one. */
  readonly render: string | undefined;
  /** An earlier report that this one is held against. */
  readonly compare: string | undefined;
}

/** @throws an Error that says what is wrong with the arguments */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      full: { type: 'boolean', default: false },
      scenario: { type: 'string' },
      contender: { type: 'string' },
      list: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      rounds: { type: 'string' },
      'round-seconds': { type: 'string' },
      smoke: { type: 'boolean', default: false },
      events: { type: 'string' },
      memory: { type: 'string' },
      json: { type: 'string' },
      add: { type: 'boolean', default: false },
      html: { type: 'string' },
      render: { type: 'string' },
      compare: { type: 'string' },
      docs: { type: 'boolean', default: false },
      rivals: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const command = (['help', 'docs', 'rivals', 'list'] as const).find((name) => values[name]) ?? 'bench';
  const scenarios = values.scenario?.split(',');
  const isAll = values.full || positionals.length > 0 || scenarios !== undefined;
  const minutes = number('minutes', values.minutes);
  const rounds = number('rounds', values.rounds);
  if (rounds !== undefined && !Number.isInteger(rounds)) {
    throw new Error(`--rounds takes a whole number, not "${rounds}"`);
  }
  return {
    command,
    families: command === 'rivals' ? [] : positionals.map(familyOf),
    scenarios,
    contenders: values.contender?.split(','),
    rivals: positionals.flatMap((names) => names.split(',')),
    selection: values.smoke ? 'smoke' : isAll ? 'all' : 'essential',
    method: values.smoke
      ? {
          ...SMOKE,
          ...(rounds && { roundsMin: rounds, roundsMax: rounds }),
          environments: values.contender !== undefined,
        }
      : methodOf(isAll ? FULL : QUICK, {
          rounds,
          seconds: number('round-seconds', values['round-seconds']),
          isTimed: minutes !== undefined,
        }),
    minutes,
    events: values.events?.split(','),
    memoryBytes: values.memory === undefined ? undefined : parseBytes(values.memory),
    json: values.json,
    add: values.add,
    html: values.html,
    render: values.render,
    compare: values.compare,
  };
}

function methodOf(
  base: Method,
  { rounds, seconds, isTimed }: { rounds: number | undefined; seconds: number | undefined; isTimed: boolean },
): Method {
  const roundsMax = rounds ?? base.roundsMax;
  return {
    ...base,
    roundsMax,
    // Two are the least of which an interval can be told.
    roundsMin: Math.min(isTimed ? 2 : base.roundsMin, roundsMax),
    minSeconds: seconds ?? base.minSeconds,
  };
}

function familyOf(name: string): Family {
  if (!FAMILIES.includes(name as Family)) throw new Error(`there is no family "${name}"\n\n${USAGE}`);
  return name as Family;
}

function number(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} takes a number above 0, not "${text}"`);
  return value;
}
