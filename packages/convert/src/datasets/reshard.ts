import { ZcError } from '@zc/errors';
import type { Field, Schema, ZstdCompressor } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';
import { fastDigests } from '../digests.js';
import { directSink } from '../direct-sink.js';
import { refuseInside } from '../output-place.js';
import { zstdOf } from '../zstd.js';
import { encodedRowsOf, openInput } from './dataset-inputs.js';
import { type DatasetWork, ProgressCounter } from './progress.js';
import { isRagged, restoredSchema, rowRecoder, type Storage } from './recode.js';
import { type DatasetReport, reportOf } from './report.js';
import { shuffledRowsOf } from './shuffled-rows.js';

/** A codec as it may be asked for. */
export type Codec = 'none' | 'zstd';

/** What `reshardDataset` is given. */
export interface ReshardOptions extends DatasetWork {
  /** Directory of a dataset. */
  readonly input: string;
  /** The directory of the new dataset. */
  readonly output: string;
  /** The most bytes of rows in a shard; 256 MiB. */
  readonly shardBytes?: number | undefined;
  /** How rows are compressed: all fields, or those that are named; the others stay as they are. */
  readonly codec?: Codec | Readonly<Record<string, Codec>> | undefined;
  /** How hard zstd tries; 3. */
  readonly level?: number | undefined;
  /** Alignment of the rows of all variable fields, or of those that are named: a power of two up to 4096. */
  readonly rowAlign?: number | Readonly<Record<string, number>> | undefined;
  /** Put the samples into an order that this number draws; they keep theirs where it is left out. */
  readonly shuffleSeed?: number | undefined;
  /** Whether the manifest gets the SHA-256 of every shard; true. */
  readonly sha256?: boolean | undefined;
  /** Replace a dataset that is there already; false. */
  readonly overwrite?: boolean | undefined;
}

/**
 * Writes a dataset anew, with other shards: of other sizes, other alignment, compressed or not, or in another order. The
 * new one appears all at once.
 *
 * The bytes of the values stay what they are; rows are decoded only where their codec changes. A shuffle needs as much
 * free space beside the output as the dataset has, for as long as it runs.
 *
 * @throws ZC_ARGUMENT, also for a field that is not there and an output in the input; ZC_FORMAT_SCHEMA for an alignment
 *   that cannot be; ZC_FORMAT_CODEC, ZC_IO_EXISTS, ZC_FORMAT_BUSY, ZC_ABORTED, ZC_IO_WRITE, and what reading throws
 *
 * @example
 * await reshardDataset({ input: 'data/raw', output: 'data/small', codec: { caption: 'zstd' }, shuffleSeed: 7 });
 */
export async function reshardDataset(options: ReshardOptions): Promise<DatasetReport> {
  const { input, output, shardBytes, sha256, overwrite, shuffleSeed } = options;
  const started = performance.now();
  await refuseInside([input], output);
  await using dataset = await openInput(input);
  const { schema, zstd } = targetOf(dataset.schema, options);
  const recode = rowRecoder(dataset.schema, schema, zstd);
  const counter = new ProgressCounter(options, dataset.manifest);
  await using writer = await DatasetWriter.create(output, {
    ...{ schema, encodedOnly: true, digests: fastDigests(), openSink: directSink },
    ...{ shardBytes, sha256, overwrite },
  });
  const rows =
    shuffleSeed === undefined
      ? encodedRowsOf(dataset)
      : shuffledRowsOf(dataset, { seed: shuffleSeed, workPath: writer.workPath });
  for await (const sample of rows) {
    const row = writer.length;
    await writer.appendEncoded(recode ? recode(sample, { name: input, row }) : sample);
    counter.sample(sample.bytes);
  }
  counter.end();
  return reportOf(await writer.finish(), started);
}

/** The new schema, and what compresses its rows. */
function targetOf(
  schema: Schema,
  options: ReshardOptions,
): { schema: Schema; zstd: ZstdCompressor | undefined } {
  const { codec, level = 3, rowAlign } = options;
  for (const byField of [codec, rowAlign]) demandFields(schema, byField);
  const storageOf = (field: Field): Storage => {
    const asked = typeof codec === 'object' ? codec[field.name] : codec;
    if (typeof rowAlign === 'object') return { codec: asked, rowAlign: rowAlign[field.name] };
    // Asked of all fields, it is meant of those that can be aligned.
    const isVariable = isRagged(field) || (asked ?? field.codec) !== 'none';
    return { codec: asked, rowAlign: isVariable ? rowAlign : undefined };
  };
  const needsZstd = schema.fields.some((field) => storageOf(field).codec === 'zstd');
  const zstd = needsZstd ? zstdOf() : undefined;
  return { schema: restoredSchema(schema, storageOf, zstd && { library: zstd.library, level }), zstd };
}

function demandFields({ fields }: Schema, byField: unknown): void {
  if (typeof byField !== 'object' || byField === null) return;
  const unknown = Object.keys(byField).find((name) => fields.every((field) => field.name !== name));
  if (unknown === undefined) return;
  throw new ZcError('ZC_ARGUMENT', `there is no field "${unknown}"`, {
    actual: unknown,
    advice: `The fields are ${fields.map(({ name }) => name).join(', ')}.`,
  });
}
