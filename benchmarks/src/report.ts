import { z } from 'zod';

const Spread = z.object({ median: z.number(), min: z.number(), max: z.number() });
/** A 95 % interval; its upper end is null, for infinity, where there was one round. */
const Ratio = z.object({ median: z.number(), low: z.number(), high: z.number().nullable() });

/** What was asked: a file under `scenarios/<family>/`. */
const Scenario = z.object({
  name: z.string(),
  title: z.string(),
  family: z.string().nullable(),
  /** When the run began that measured it. */
  date: z.string(),
  temperature: z.enum(['warm', 'cold', 'half']),
  batch_size: z.number().int(),
  shuffle: z.boolean(),
  /** Of the set; where its rows differ in length, the mean. Null where it could not be made. */
  rows: z.number().int().nullable(),
  row_bytes: z.number().nullable(),
  /** What the contender `limit` measures, in words; null where the scenario has none. */
  limit: z.string().nullable(),
});

/** One contender in one scenario. Sizes are decimal: 1 MB is 10^6 bytes. */
const Result = z.object({
  scenario: z.string(),
  contender: z.string(),
  /** Null for loaders; what the hardware gives, or the consumer alone. */
  yardstick: z.enum(['limit', 'consumer']).nullable(),
  params: z.record(z.string(), z.unknown()),
  rounds: z.number().int(),
  mb_s: Spread,
  samples_s: Spread,
  /** User and system time of the contender's whole process tree. */
  cpu_s_per_gb: Spread,
  /** The same without what the scenario's `consumer` used; null for yardsticks and where it did not run. */
  cpu_s_per_gb_net: Spread.nullable(),
  pss_mb: z.number(),
  /** Of the process tree: pages touched for the first time or read from the disk, and threads taken off a core. */
  page_faults_per_gb: z.number(),
  context_switches_per_gb: z.number(),
  /** What `perf stat` counted, where that was asked for, by its own names. */
  events_per_gb: z.record(z.string(), z.number()),
  first_batch_ms: z.number(),
  gap_ms: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  /** What the contender noted beyond that, by names that end in their units. */
  figures: z.record(z.string(), Spread),
  /** Throughput of this contender divided by that of each other one, from the paired rounds. */
  ratio: z.record(z.string(), Ratio),
  /** Cores that were busy with something else meanwhile. */
  foreign_cores: Spread,
});

/** What was aimed at, and what came of it; met if the interval includes the factor or is better. */
const Reach = z.object({
  scenario: z.string(),
  subject: z.string(),
  /** Another contender, or the number itself. */
  than: z.union([z.string(), z.number()]),
  measure: z.string(),
  factor: z.number(),
  ratio: Ratio,
  met: z.boolean(),
});

/** A contender without a result. */
const Absent = z.object({ scenario: z.string(), contender: z.string(), reason: z.string() });

export const Report = z.object({
  schema: z.literal(1),
  /** When the run began (ISO 8601), how long it took, and whether it was ended before its time. */
  date: z.string(),
  seconds: z.number(),
  interrupted: z.boolean(),
  machine: z.record(z.string(), z.unknown()),
  /** See `method.ts`. */
  method: z.record(z.string(), z.unknown()),
  scenarios: z.array(Scenario),
  results: z.array(Result),
  reaches: z.array(Reach),
  /** What a contender needs and does not find here. */
  missing: z.array(Absent),
  /** Contenders that began and ran into an error. */
  failed: z.array(Absent),
});

export type Report = z.infer<typeof Report>;
export type Result = z.infer<typeof Result>;
export type ReachResult = z.infer<typeof Reach>;
export type ScenarioFacts = z.infer<typeof Scenario>;
export type ReportRatio = z.infer<typeof Ratio>;
