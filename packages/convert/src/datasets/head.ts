import { ZcError } from '@zc/errors';
import { DatasetWriter } from '@zc/format/node';
import { fastDigests } from '../digests.js';
import { directSink } from '../direct-sink.js';
import { refuseInside } from '../output-place.js';
import { encodedRowsOf, openInput } from './dataset-inputs.js';
import { type DatasetWork, ProgressCounter } from './progress.js';
import { type DatasetReport, reportOf } from './report.js';

/** What `headOfDataset` is given. */
export interface HeadOptions extends DatasetWork {
  /** Directory of a dataset. */
  readonly input: string;
  /** The directory of the new dataset. */
  readonly output: string;
  /** How many samples, from the first on; all where the dataset has fewer. */
  readonly count: number;
  /** The most bytes of rows in a shard; 256 MiB. */
  readonly shardBytes?: number | undefined;
  /** Whether the manifest gets the SHA-256 of every shard; true. */
  readonly sha256?: boolean | undefined;
  /** Replace a dataset that is there already; false. */
  readonly overwrite?: boolean | undefined;
}

/**
 * Makes a dataset of the first samples of another one, to try things with; it appears all at once.
 *
 * @throws ZC_ARGUMENT, also where the output lies in the input; ZC_IO_EXISTS, ZC_FORMAT_BUSY, ZC_ABORTED, ZC_IO_WRITE,
 *   and what reading the samples throws
 *
 * @example
 * await headOfDataset({ input: 'data/train', output: 'data/tiny', count: 100 });
 */
export async function headOfDataset(options: HeadOptions): Promise<DatasetReport> {
  const { input, output, count, shardBytes, sha256, overwrite } = options;
  const started = performance.now();
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new ZcError('ZC_ARGUMENT', `count is ${count}, expected a whole number from 0`, { actual: count });
  }
  await refuseInside([input], output);
  await using dataset = await openInput(input);
  const samples = Math.min(count, dataset.length);
  const bytes = dataset.length === 0 ? 0 : (dataset.manifest.bytes / dataset.length) * samples;
  const counter = new ProgressCounter(options, { samples, bytes });
  await using writer = await DatasetWriter.create(output, {
    ...{ schema: dataset.schema, encodedOnly: true, digests: fastDigests(), openSink: directSink },
    ...{ shardBytes, sha256, overwrite },
  });
  for await (const sample of encodedRowsOf(dataset, 0, samples)) {
    await writer.appendEncoded(sample);
    counter.sample(sample.bytes);
  }
  counter.end();
  return reportOf(await writer.finish(), started);
}
