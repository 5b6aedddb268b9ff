import type { Round } from './contender-process.js';
import { cpuPerGb, type Figure, lessIsBetter, mbPerSecond, measureOf } from './measure.js';
import type { Method } from './method.js';
import { Report, type ReportRatio, type Result, type ScenarioFacts } from './report.js';
import type { ScenarioRun } from './runner.js';
import type { ScenarioQuestion } from './scenario.js';
import { pairedRatio, quantile, type Ratio, type Spread, spread } from './statistics.js';

/** Figures keep so many digits: more than any of them is known to. */
const DIGITS = 5;

/** What a report tells beside the rounds. */
export interface ReportContext {
  readonly method: Method;
  readonly machine?: Record<string, unknown>;
  /** When the run began, and for how long it has run. */
  readonly date?: Date;
  readonly seconds?: number;
  readonly interrupted?: boolean;
}

/** A report of what has been run; every figure in it comes from the rounds given. */
export function makeReport(runs: readonly ScenarioRun[], context: ReportContext): Report {
  const { method, machine = {}, date = new Date(), seconds = 0, interrupted = false } = context;
  return Report.parse({
    schema: 1,
    date: date.toISOString(),
    seconds: rounded(seconds),
    interrupted,
    machine: { ...machine, foreign_cpu_cores: foreignCores(runs) },
    method,
    scenarios: runs.map((run) => factsOf(run, date)),
    results: runs.flatMap(resultsOf),
    reaches: runs.flatMap(reachesOf),
    missing: runs.flatMap(({ scenario, missing }) => absent(scenario, missing)),
    failed: runs.flatMap(({ scenario, failed }) => absent(scenario, failed)),
  });
}

function absent({ name }: ScenarioQuestion, reasons: ReadonlyMap<string, string>) {
  return [...reasons].map(([contender, reason]) => ({ scenario: name, contender, reason }));
}

function factsOf({ scenario, data }: ScenarioRun, date: Date): ScenarioFacts {
  const { name, title, family, temperature, batchSize, shuffle, contenders } = scenario;
  const limit = Object.values(contenders).find(({ yardstick }) => yardstick === 'limit');
  return {
    name,
    title,
    family: family ?? null,
    date: date.toISOString(),
    temperature,
    batch_size: batchSize,
    shuffle,
    rows: data?.rows ?? null,
    row_bytes: data?.rowBytes ?? null,
    limit: limit ? (limit.module.startsWith('node/fio') ? 'fio' : 'memcpy') : null,
  };
}

function resultsOf({ scenario, rounds }: ScenarioRun): Result[] {
  const consumerCpu = consumerCpuPerGb(scenario, rounds);
  return [...rounds].map(([name, own]) => {
    const { params = {}, yardstick = null } = scenario.contenders[name]!;
    const spreadOf = (value: (round: Round) => number) => roundedSpread(spread(own.map(value)));
    const medianOf = (value: (round: Round) => number) => rounded(quantile(own.map(value), 0.5));
    const hasNet = consumerCpu !== undefined && yardstick === null;
    return {
      scenario: scenario.name,
      contender: name,
      yardstick,
      params: { ...params },
      rounds: own.length,
      mb_s: spreadOf(mbPerSecond),
      samples_s: spreadOf((round) => round.samples / round.seconds),
      cpu_s_per_gb: spreadOf(cpuPerGb),
      cpu_s_per_gb_net: hasNet ? spreadOf((round) => cpuPerGb(round) - consumerCpu) : null,
      pss_mb: medianOf((round) => round.pssBytes / 1e6),
      page_faults_per_gb: medianOf((round) => round.pageFaults / (round.bytes / 1e9)),
      context_switches_per_gb: medianOf((round) => round.contextSwitches / (round.bytes / 1e9)),
      events_per_gb: eventsOf(own),
      first_batch_ms: medianOf((round) => round.first_batch_ms),
      gap_ms: {
        p50: medianOf((round) => round.gap_ms.p50),
        p99: medianOf((round) => round.gap_ms.p99),
        max: rounded(Math.max(...own.map((round) => round.gap_ms.max))),
      },
      figures: figuresOf(own),
      ratio: ratiosOf(name, rounds),
      foreign_cores: spreadOf((round) => round.foreignCpuSeconds / round.seconds),
    };
  });
}

function ratiosOf(name: string, rounds: ScenarioRun['rounds']): Record<string, ReportRatio> {
  const own = rounds.get(name)!.map(mbPerSecond);
  const others = [...rounds].filter(([other]) => other !== name);
  return Object.fromEntries(
    others.map(([other, theirs]) => [other, roundedRatio(pairedRatio(own, theirs.map(mbPerSecond)))]),
  );
}

function eventsOf(rounds: readonly Round[]): Record<string, number> {
  const perGb = (name: string) => rounds.map(({ events, bytes }) => (events[name] ?? 0) / (bytes / 1e9));
  return Object.fromEntries(
    Object.keys(rounds[0]!.events).map((name) => [name, rounded(quantile(perGb(name), 0.5))]),
  );
}

function figuresOf(rounds: readonly Round[]): Record<string, Spread> {
  const names = Object.keys(rounds[0]?.figures ?? {}) as Figure[];
  return Object.fromEntries(
    names.map((name) => [name, roundedSpread(spread(rounds.map((round) => measureOf(round, name))))]),
  );
}

function reachesOf({ scenario, rounds }: ScenarioRun) {
  const consumerCpu = consumerCpuPerGb(scenario, rounds) ?? 0;
  return scenario.reaches.flatMap(({ subject, than, measure, factor }) => {
    const own = rounds.get(subject);
    const theirs = typeof than === 'number' ? [] : rounds.get(than);
    if (!own || !theirs || own.length < 2) return [];
    const value = (round: Round) => measureOf(round, measure, consumerCpu);
    const ratio = pairedRatio(
      own.map(value),
      typeof than === 'number' ? own.map(() => than) : theirs.map(value),
    );
    const met = lessIsBetter(measure) ? ratio.low <= factor : ratio.high >= factor;
    return [{ scenario: scenario.name, subject, than, measure, factor, ratio: roundedRatio(ratio), met }];
  });
}

function consumerCpuPerGb(scenario: ScenarioQuestion, rounds: ScenarioRun['rounds']): number | undefined {
  for (const [name, own] of rounds) {
    if (scenario.contenders[name]!.yardstick === 'consumer') return quantile(own.map(cpuPerGb), 0.5);
  }
  return undefined;
}

/** Cores that others kept busy while we measured, on average. */
function foreignCores(runs: readonly ScenarioRun[]): number {
  const rounds = runs.flatMap((run) => [...run.rounds.values()].flat());
  const seconds = rounds.reduce((sum, round) => sum + round.seconds, 0);
  return seconds === 0
    ? 0
    : rounded(rounds.reduce((sum, round) => sum + round.foreignCpuSeconds, 0) / seconds);
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

function roundedSpread({ median, min, max }: Spread): Spread {
  return { median: rounded(median), min: rounded(min), max: rounded(max) };
}

/** JSON has no infinity: the upper end of an interval from one round is null. */
function roundedRatio({ median, low, high }: Ratio): ReportRatio {
  return {
    median: rounded(median),
    low: rounded(low),
    high: Number.isFinite(high) ? rounded(high) : null,
  };
}
