import type { DataName } from './data.js';
import type { Measure } from './measure.js';

/** One way of reading the same samples: a module that the harness of its runtime loads into a process of its own. */
export interface Contender {
  readonly runtime: 'node' | 'python';
  /** File below `rivals/`, without its ending: `node/read`. */
  readonly module: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Python modules or programs without which this contender is listed as missing instead of run. */
  readonly needs?: readonly string[];
  /** Of Node: packages without which it is listed as missing, or whose native part does not load everywhere. */
  readonly packages?: readonly string[];
  /**
   * Of Python: a virtual environment of its own, by its name below the folder of the sets, for what does not go
   * with the others. Without it the contender is listed as missing; smoke runs do without it.
   */
  readonly environment?: string;
  /** Runs as a user who is not root, with the 8 MiB of locked memory that most systems allow. */
  readonly unprivileged?: boolean;
  /**
   * Not a loader but a yardstick: the `limit` that the hardware sets, or the `consumer` alone, whose CPU is what
   * `cpu_s_per_gb_net` leaves out. It need not touch the set's own bytes, so its sum is not checked.
   */
  readonly yardstick?: 'limit' | 'consumer';
}

/** A goal: `subject`'s measure is at least (where less is better: at most) `factor` times that of `than`, or that number. */
export interface Reach {
  readonly subject: string;
  readonly than: string | number;
  readonly measure: Measure;
  readonly factor: number;
}

/** One question with its contenders, to be put to any set of rows. */
export interface ScenarioQuestion {
  readonly name: string;
  readonly title: string;
  /** The folder under `scenarios/` that it comes from. */
  readonly family?: Family;
  /**
   * Cold: before every round the files are dropped from the page cache and opened anew. Half: then half of each
   * is brought back, in stretches of 4 MiB.
   */
  readonly temperature: 'warm' | 'cold' | 'half';
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** Whole epochs in a round, counted together; 1, or as many as three seconds have where warm. */
  readonly epochs?: number;
  /** Of cold scenarios with contenders in Node: an epoch ends after so many samples, whole batches; all. */
  readonly samples?: number;
  /**
   * What the consumer adds up; rows with their labels by default. Nothing where contenders read by other rules
   * than each sample once: they check by themselves what they get.
   */
  readonly consumes?: 'labels' | 'nothing';
  /** Of contenders in Python: what a batch is needed for takes so long after it was summed. */
  readonly stepMs?: number;
  /**
   * Contenders write instead: a file of this many bytes in each round, the set's rows over and over. It is made
   * at `settings.output`, and lies on the disk when the epoch ends; afterwards its size is checked, and its sum.
   */
  readonly outputBytes?: number;
  /**
   * Contenders write a dataset instead, each in its own format: all rows of the set, from memory, into a folder at
   * `settings.output`. It lies on the disk when the epoch ends; afterwards it must hold as many bytes as the rows have.
   */
  readonly outputFolder?: true;
  readonly contenders: Readonly<Record<string, Contender>>;
  readonly reaches: readonly Reach[];
}

/** A question about one of the sets that the runner makes. A file under `scenarios/<family>/` exports one as its default. */
export interface Scenario extends ScenarioQuestion {
  readonly data: DataName;
  /** Among those that `npm run bench` runs when no family is named. */
  readonly essential?: boolean;
  /** Left out of a smoke run of all: another scenario asks the same of those contenders that such a run has. */
  readonly smoke?: false;
}

export const FAMILIES = ['io', 'node', 'torch', 'pack', 'scale'] as const;
export type Family = (typeof FAMILIES)[number];
