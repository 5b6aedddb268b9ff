import { z } from 'zod';
import type { Round } from './contender-process.js';
import { cpuPerGb, type Figure, lessIsBetter, mbPerSecond, measureOf } from './measure.js';
import type { ScenarioRun } from './runner.js';
import type { ScenarioQuestion } from './scenario.js';
import { pairedRatio, quantile, type Spread as SpreadOf, spread } from './statistics.js';

const Spread = z.object({ median: z.number(), min: z.number(), max: z.number() });
const Ratio = z.object({ median: z.number(), low: z.number(), high: z.number().nullable() });

/** One contender in one scenario. Sizes are decimal: 1 MB is 10^6 bytes. */
const Result = z.object({
  scenario: z.string(),
  contender: z.string(),
  params: z.record(z.string(), z.unknown()),
  rounds: z.number().int(),
  mb_s: Spread,
  samples_s: Spread,
  /** User and system time of the contender's whole process tree. */
  cpu_s_per_gb: Spread,
  /** The same without what the scenario's `consumer` used; null for yardsticks and where it did not run. */
  cpu_s_per_gb_net: Spread.nullable(),
  pss_mb: z.number(),
  first_batch_ms: z.number(),
  gap_ms: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  /** What the contender noted beyond that, by names that end in their units. */
  figures: z.record(z.string(), Spread),
  /** Throughput of this contender divided by that of each other one, from the paired rounds. */
  ratio: z.record(z.string(), Ratio),
});

/** What was asked for, and what came of it; met if the interval includes the factor. */
const ReachResult = z.object({
  scenario: z.string(),
  subject: z.string(),
  /** Another contender, or the number itself. */
  than: z.union([z.string(), z.number()]),
  measure: z.string(),
  factor: z.number(),
  ratio: Ratio,
  met: z.boolean(),
});

export const Report = z.object({
  schema: z.literal(1),
  date: z.string(),
  machine: z.record(z.string(), z.unknown()),
  results: z.array(Result),
  reaches: z.array(ReachResult),
  missing: z.array(z.object({ scenario: z.string(), contender: z.string(), reason: z.string() })),
});
export type Report = z.infer<typeof Report>;
export type Result = z.infer<typeof Result>;

export function makeReport(runs: readonly ScenarioRun[], machine: Record<string, unknown>): Report {
  return Report.parse({
    schema: 1,
    date: new Date().toISOString(),
    machine: { ...machine, foreign_cpu_cores: foreignCores(runs) },
    results: runs.flatMap(resultsOf),
    reaches: runs.flatMap(reachesOf),
    missing: runs.flatMap(({ scenario, missing }) =>
      [...missing].map(([contender, reason]) => ({ scenario: scenario.name, contender, reason })),
    ),
  });
}

function resultsOf({ scenario, rounds }: ScenarioRun): Result[] {
  const consumerCpu = consumerCpuPerGb(scenario, rounds);
  return [...rounds].map(([name, own]) => ({
    scenario: scenario.name,
    contender: name,
    params: { ...scenario.contenders[name]!.params },
    rounds: own.length,
    mb_s: spread(own.map(mbPerSecond)),
    samples_s: spread(own.map((round) => round.samples / round.seconds)),
    cpu_s_per_gb: spread(own.map(cpuPerGb)),
    cpu_s_per_gb_net:
      consumerCpu === undefined || scenario.contenders[name]!.yardstick !== undefined
        ? null
        : spread(own.map((round) => cpuPerGb(round) - consumerCpu)),
    pss_mb: quantile(
      own.map((round) => round.pssBytes / 1e6),
      0.5,
    ),
    first_batch_ms: quantile(
      own.map((round) => round.first_batch_ms),
      0.5,
    ),
    gap_ms: {
      p50: quantile(
        own.map((round) => round.gap_ms.p50),
        0.5,
      ),
      p99: quantile(
        own.map((round) => round.gap_ms.p99),
        0.5,
      ),
      max: Math.max(...own.map((round) => round.gap_ms.max)),
    },
    figures: figuresOf(own),
    ratio: Object.fromEntries(
      [...rounds]
        .filter(([other]) => other !== name)
        .map(([other, theirs]) => [
          other,
          finite(pairedRatio(own.map(mbPerSecond), theirs.map(mbPerSecond))),
        ]),
    ),
  }));
}

function figuresOf(rounds: readonly Round[]): Record<string, SpreadOf> {
  const names = Object.keys(rounds[0]?.figures ?? {}) as Figure[];
  return Object.fromEntries(
    names.map((name) => [name, spread(rounds.map((round) => measureOf(round, name)))]),
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
    return [{ scenario: scenario.name, subject, than, measure, factor, ratio: finite(ratio), met }];
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
  return rounds.reduce((sum, round) => sum + round.foreignCpuSeconds, 0) / seconds;
}

/** JSON has no infinity: the upper end of an interval from one round is null. */
function finite(ratio: { median: number; low: number; high: number }) {
  return { ...ratio, high: Number.isFinite(ratio.high) ? ratio.high : null };
}
