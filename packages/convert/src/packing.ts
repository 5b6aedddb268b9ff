import { availableParallelism } from 'node:os';
import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import { infer } from './infer.js';
import type { PackOptions, PackPlan } from './pack-options.js';
import type { BadRow, OpenedSource, SourceRow } from './sources/sample-source.js';
import { toWire, type WireRow } from './step-message.js';
import { stepsOf } from './step-options.js';
import { StepPool } from './step-pool.js';
import { StepChain, type StepSpec } from './steps/chain.js';
import { RowStorer, type StoredRow } from './stored-row.js';

/** A source and the steps behind it, opened: what will be written is known, nothing is written yet. */
export class Packing implements AsyncDisposable {
  readonly plan: PackPlan;
  readonly steps: readonly StepSpec[];
  readonly #rows: LookedAhead;
  readonly #source: OpenedSource;
  readonly #chain: StepChain | undefined;
  readonly #jobs: number;
  #pool: StepPool | undefined;

  /** @throws what `infer` and the steps throw; ZC_ARGUMENT */
  static async open(
    paths: readonly string[],
    options: Omit<PackOptions, 'input' | 'output'>,
  ): Promise<Packing> {
    const steps = stepsOf(options);
    const jobs = jobsOf(options.jobs);
    const source = await infer(paths, options);
    const rows = new LookedAhead(source);
    try {
      const chain = steps.length === 0 ? undefined : await StepChain.open(steps, source.schema, rows);
      return new Packing({ source, rows, chain, steps, jobs });
    } catch (error) {
      await rows.close();
      throw error;
    }
  }

  private constructor(parts: {
    source: OpenedSource;
    rows: LookedAhead;
    chain: StepChain | undefined;
    steps: readonly StepSpec[];
    jobs: number;
  }) {
    const { source, rows, chain, steps, jobs } = parts;
    const { samples, bytes, facts } = source;
    this.plan = { schema: chain?.schema ?? source.schema, samples, bytes, facts };
    this.steps = steps;
    this.#source = source;
    this.#rows = rows;
    this.#chain = chain;
    this.#jobs = jobs;
  }

  get schema(): Schema {
    return this.plan.schema;
  }

  /** The rows in stored form, in their order, without the first `from`; once. */
  stored(from: number): AsyncIterable<StoredRow> | AsyncGenerator<StoredRow> {
    const rows = this.#rows.from(from);
    if (this.#chain === undefined || this.#jobs === 1 || !StepPool.isPossible) return this.#here(rows, from);
    const { schema } = this.#source;
    const data = { specs: this.steps, schema, first: this.#rows.seen };
    this.#pool = new StepPool(data, { schema: this.schema, jobs: this.#jobs });
    return this.#pool.run(rows, from);
  }

  async *#here(rows: AsyncIterable<SourceRow | BadRow>, from: number): AsyncGenerator<StoredRow> {
    const storer = new RowStorer(this.schema, this.#chain);
    let index = from;
    for await (const row of rows) {
      const stored = storer.store(row, index++);
      yield stored instanceof Promise ? await stored : stored;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool?.close();
    await this.#rows.close();
  }
}

function jobsOf(jobs = Math.max(1, availableParallelism() - 1)): number {
  if (Number.isSafeInteger(jobs) && jobs >= 1 && jobs <= JOBS_MAX) return jobs;
  throw new ZcError('ZC_ARGUMENT', `jobs is ${jobs}, expected a whole number from 1 to ${JOBS_MAX}`, {
    actual: jobs,
  });
}

const JOBS_MAX = 1024;

/** The rows of a source, whose first ones can be looked at before they are taken. */
class LookedAhead {
  readonly #source: OpenedSource;
  readonly #seen: (SourceRow | BadRow)[] = [];
  #iterator: AsyncIterator<SourceRow | BadRow> | undefined;

  constructor(source: OpenedSource) {
    this.#source = source;
  }

  /** Those that were looked at, for another thread; copies. */
  get seen(): WireRow[] {
    return this.#seen.map((row, index) => structuredClone(toWire(row, index).wire));
  }

  async at(index: number): Promise<SourceRow | BadRow | undefined> {
    this.#iterator ??= this.#source.rows(0)[Symbol.asyncIterator]();
    while (this.#seen.length <= index) {
      const { done, value } = await this.#iterator.next();
      if (done) return undefined;
      this.#seen.push(value);
    }
    return this.#seen[index];
  }

  /** All rows but the first `from`; once. */
  async *from(from: number): AsyncGenerator<SourceRow | BadRow> {
    const iterator = this.#iterator;
    if (iterator === undefined) {
      yield* this.#source.rows(from);
      return;
    }
    const seen = this.#seen.splice(0);
    yield* seen.slice(from);
    let index = seen.length;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      if (index++ >= from) yield value;
    }
  }

  async close(): Promise<void> {
    await this.#iterator?.return?.();
  }
}
