import type { EncodedSample } from '@zc/format';
import type { DatasetReader } from '@zc/format/node';
import { type ContentComparison, contentComparison } from './content-comparison.js';
import { openInput } from './dataset-inputs.js';
import { type DatasetWork, ProgressCounter } from './progress.js';
import { schemaDifferences } from './schema-differences.js';

/** What `diffDatasets` is given. */
export interface DiffOptions extends DatasetWork {
  /** Directories of two datasets. */
  readonly first: string;
  readonly second: string;
  /** How many of the samples that differ are listed; 20. */
  readonly listMax?: number | undefined;
}

/** How two datasets differ. */
export interface DatasetDiff {
  /** Whether schemas and samples are the same, whatever shards they lie in. */
  readonly same: boolean;
  /** What the schemas say differently, in words. */
  readonly schema: readonly string[];
  /** Samples of each. */
  readonly samples: { readonly first: number; readonly second: number };
  /** How many samples, counted at the places that both have, differ in a field that both have. */
  readonly differing: number;
  /** Of these, in which field. */
  readonly fields: Readonly<Record<string, number>>;
  /** The first of them, and in which fields. */
  readonly list: readonly { readonly index: number; readonly fields: readonly string[] }[];
  readonly seconds: number;
}

/**
 * Compares two datasets by content: schemas, lengths, and sample after sample.
 *
 * Values are compared, not how they are stored: shards may end elsewhere, one side may be compressed (`schema` says so,
 * and `same` is false then). Shards that lie at the same place in both and have the same SHA-256 are not read.
 *
 * @throws ZC_ABORTED, and what reading the samples throws
 *
 * @example
 * const { same, differing } = await diffDatasets({ first: 'data/train', second: 'backup/train' });
 */
export async function diffDatasets(options: DiffOptions): Promise<DatasetDiff> {
  const { listMax = 20 } = options;
  const started = performance.now();
  await using first = await openInput(options.first);
  await using second = await openInput(options.second);
  const schema = schemaDifferences(first.schema, second.schema);
  const comparison = contentComparison(first.schema, second.schema);
  const counter = new ProgressCounter(options, {
    samples: Math.min(first.length, second.length),
    bytes: Math.max(first.manifest.bytes, second.manifest.bytes),
  });
  const fields = new Map<string, number>();
  const list: { index: number; fields: string[] }[] = [];
  let differing = 0;
  for await (const [index, found] of differences({ first, second, comparison, counter })) {
    differing++;
    for (const name of found) fields.set(name, (fields.get(name) ?? 0) + 1);
    if (list.length < listMax) list.push({ index, fields: found });
  }
  counter.end();
  return {
    same: schema.length === 0 && first.length === second.length && differing === 0,
    schema,
    samples: { first: first.length, second: second.length },
    differing,
    fields: Object.fromEntries(fields),
    list,
    seconds: (performance.now() - started) / 1000,
  };
}

interface Sides {
  readonly first: DatasetReader;
  readonly second: DatasetReader;
  readonly comparison: ContentComparison;
  readonly counter: ProgressCounter;
}

/** The samples that differ, by their number, and in which fields. */
async function* differences(sides: Sides): AsyncGenerator<readonly [number, string[]], void, undefined> {
  const { comparison, counter } = sides;
  const [left, right] = [new Walk(sides.first), new Walk(sides.second)];
  try {
    for (let index = 0; ; index++) {
      for (let skipped = sameShard(left, right); skipped; skipped = sameShard(left, right)) {
        index += skipped.samples;
        counter.add(skipped);
        left.skip();
        right.skip();
      }
      const [a, b] = [await left.next(), await right.next()];
      if (a === undefined || b === undefined) return;
      counter.sample(Math.max(a.bytes, b.bytes));
      const found = comparison(a, b, index);
      if (found.length > 0) yield [index, found];
    }
  } finally {
    await left.close();
    await right.close();
  }
}

/** Shards at whose beginning both sides stand, and which are one and the same. */
function sameShard(left: Walk, right: Walk) {
  const [a, b] = [left.beginning, right.beginning];
  return a && b && a.sha256 !== null && a.sha256 === b.sha256 ? a : undefined;
}

/** A walk through the samples of a dataset that can leave out a shard at whose beginning it stands. */
class Walk {
  readonly #dataset: DatasetReader;
  #shard = 0;
  /** Samples of the shard that were given. */
  #taken = 0;
  #rows: AsyncGenerator<EncodedSample, void, undefined> | undefined;

  constructor(dataset: DatasetReader) {
    this.#dataset = dataset;
  }

  /** The shard whose first sample is the next one. */
  get beginning() {
    return this.#rows ? undefined : this.#dataset.manifest.shards[this.#shard];
  }

  skip(): void {
    this.#shard++;
  }

  async next(): Promise<EncodedSample | undefined> {
    const { shards } = this.#dataset.manifest;
    while (shards[this.#shard]?.samples === 0) this.#shard++;
    if (this.#shard === shards.length) return undefined;
    this.#rows ??= (await this.#dataset.shard(this.#shard)).encodedRows();
    const { value } = await this.#rows.next();
    if (++this.#taken === shards[this.#shard]!.samples) await this.#leaveShard();
    return value ?? undefined;
  }

  async #leaveShard(): Promise<void> {
    await this.close();
    this.#rows = undefined;
    this.#taken = 0;
    this.#shard++;
  }

  async close(): Promise<void> {
    await this.#rows?.return();
  }
}
