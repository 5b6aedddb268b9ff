import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import type { Manifest, Schema, ShardReader } from '@zc/format';
import { type DatasetReader, DatasetWriter, fileSink, openPartial } from '@zc/format/node';
import { fastDigests } from '../digests.js';
import { directSink } from '../direct-sink.js';
import { refuseInside } from '../output-place.js';
import { openInput } from './dataset-inputs.js';
import { drawParts, type Part, type PartCounts, partsByCounts, partsByFractions } from './partition.js';
import { type DatasetWork, ProgressCounter } from './progress.js';
import { type DatasetReport, reportOf } from './report.js';
import { partsByValue } from './values-of-field.js';

/** What `splitDataset` is given; of `fractions`, `counts` and `by` it is one. */
export interface SplitOptions extends DatasetWork {
  /** Directory of a dataset. */
  readonly input: string;
  /** A new directory; each part is a dataset in it. */
  readonly output: string;
  /** Which fraction of the samples each part gets: `{ train: 0.8, test: 0.2 }`. They add up to 1. */
  readonly fractions?: Readonly<Record<string, number>> | undefined;
  /** How many samples each part gets; one of them may get the `'rest'`. */
  readonly counts?: PartCounts | undefined;
  /** Name of a field of whole numbers, bools or texts: a part for each value, named after it. */
  readonly by?: string | undefined;
  /** What the draw depends on, a whole number from 0; 0. */
  readonly seed?: number | undefined;
  /** The first samples to the first part, and so on, in place of a draw; false. */
  readonly inOrder?: boolean | undefined;
  /** The most bytes of rows in a shard; 256 MiB. */
  readonly shardBytes?: number | undefined;
  /** Whether the manifests get the SHA-256 of every shard; true. */
  readonly sha256?: boolean | undefined;
}

/** What a split has written. */
export interface SplitReport {
  readonly parts: readonly (DatasetReport & { readonly name: string; readonly path: string })[];
  readonly seconds: number;
}

/** Parts that are written at once; where there are more, the dataset is read again for the next ones. */
const PARTS_OPEN_MAX = 64;
/** Memory for what waits in the shards of all open parts together. */
const HELD_BYTES_MAX = 256 * 2 ** 20;
/** A writer past the page cache holds 8 MiB: where there are many, buffered ones take their place. */
const DIRECT_PARTS_MAX = 8;

/**
 * Makes several datasets of one: each sample goes to one part, and keeps its order there. They appear all at once.
 *
 * A draw depends on the seed and the place of the sample alone, so that the same seed gives the same parts in each run.
 *
 * @throws ZC_ARGUMENT for parts that do not make up the dataset, a field that it cannot be split by, an output in the
 *   input; ZC_CONVERT_LIMIT for a field of more than 1000 values; ZC_IO_EXISTS, ZC_FORMAT_BUSY, ZC_ABORTED,
 *   ZC_IO_WRITE, and what reading the samples throws
 *
 * @example
 * await splitDataset({ input: 'data/all', output: 'data/parts', fractions: { train: 0.8, test: 0.2 }, seed: 7 });
 */
export async function splitDataset(options: SplitOptions): Promise<SplitReport> {
  const { input, output } = options;
  const started = performance.now();
  demandOneWay(options);
  await refuseInside([input], output);
  await using dataset = await openInput(input);
  const partition = await partitionOf(dataset, options);
  const counter = new ProgressCounter(options, dataset.manifest);
  await using partial = await openPartial(output, { overwrite: false });
  const reports: DatasetReport[] = [];
  for (let first = 0; first < partition.parts.length; first += PARTS_OPEN_MAX) {
    const group = partition.parts.slice(first, first + PARTS_OPEN_MAX);
    const manifests = await writeParts({
      dataset,
      partition,
      first,
      group,
      into: partial.path,
      options,
      counter,
    });
    reports.push(...manifests.map((manifest) => reportOf(manifest, started)));
  }
  counter.end();
  await partial.publish();
  const parts = partition.parts.map(({ name }, i) => ({ name, path: join(output, name), ...reports[i]! }));
  return { parts, seconds: (performance.now() - started) / 1000 };
}

function demandOneWay({ fractions, counts, by }: SplitOptions): void {
  if ([fractions, counts, by].filter((way) => way !== undefined).length === 1) return;
  throw new ZcError(
    'ZC_ARGUMENT',
    'a dataset is split by fractions, by counts or by a field: by one of them',
  );
}

interface Partition {
  readonly parts: readonly Part[];
  /** Which parts the samples of a shard go to; asked shard after shard, from the first one on. */
  begin(): (shard: ShardReader, firstSample: number) => Promise<Uint16Array>;
}

async function partitionOf(dataset: DatasetReader, options: SplitOptions): Promise<Partition> {
  const { fractions, counts, by, seed = 0, inOrder = false, signal } = options;
  if (by !== undefined) {
    const { parts, partOf } = await partsByValue(dataset, by, signal);
    return { parts, begin: () => (shard) => partsOfValues(shard, by, partOf) };
  }
  const total = dataset.length;
  const parts = fractions ? partsByFractions(fractions, total) : partsByCounts(counts!, total);
  return {
    parts,
    begin() {
      const next = drawParts(parts, inOrder ? undefined : seed);
      return async ({ length }, firstSample) => Uint16Array.from({ length }, (_, i) => next(firstSample + i));
    },
  };
}

async function partsOfValues(
  shard: ShardReader,
  field: string,
  partOf: (value: unknown) => number,
): Promise<Uint16Array> {
  const parts = new Uint16Array(shard.length);
  let i = 0;
  for await (const value of shard.values(field)) parts[i++] = partOf(value);
  return parts;
}

interface GroupWork {
  readonly dataset: DatasetReader;
  readonly partition: Partition;
  /** Number of the group's first part. */
  readonly first: number;
  readonly group: readonly Part[];
  readonly into: string;
  readonly options: SplitOptions;
  readonly counter: ProgressCounter;
}

/** One pass over the dataset, for some of the parts. */
async function writeParts(work: GroupWork): Promise<Manifest[]> {
  const { dataset, partition, first, group, into, options, counter } = work;
  const writers: DatasetWriter[] = [];
  try {
    for (const { name } of group) {
      writers.push(
        await DatasetWriter.create(join(into, name), writerOptions(dataset.schema, group.length, options)),
      );
    }
    const partsOf = partition.begin();
    let firstSample = 0;
    for (const number of dataset.manifest.shards.keys()) {
      const shard = await dataset.shard(number);
      const parts = await partsOf(shard, firstSample);
      firstSample += shard.length;
      const isOurs = (part: number) => part >= first && part < first + group.length;
      let at = parts.findIndex(isOurs);
      if (at < 0) continue;
      for await (const sample of shard.encodedRows(at, parts.findLastIndex(isOurs) + 1)) {
        const part = parts[at++]!;
        if (!isOurs(part)) continue;
        await writers[part - first]!.appendEncoded(sample);
        counter.sample(sample.bytes);
      }
    }
    const manifests: Manifest[] = [];
    for (const writer of writers) manifests.push(await writer.finish());
    return manifests;
  } finally {
    for (const writer of writers) await writer.abort();
  }
}

function writerOptions(schema: Schema, parts: number, { shardBytes, sha256 }: SplitOptions) {
  return {
    schema,
    shardBytes,
    sha256,
    encodedOnly: true,
    digests: fastDigests(),
    openSink: parts > DIRECT_PARTS_MAX ? fileSink : directSink,
    heldBytesMax: Math.min(32 * 2 ** 20, Math.floor(HELD_BYTES_MAX / parts)),
  };
}
