import { join } from 'node:path';
import { type ShardEntry, shardName } from '@zc/format';
import { openPartial, publishManifest } from '@zc/format/node';
import { refuseInside } from '../output-place.js';
import { openInputs } from './dataset-inputs.js';
import { type DatasetWork, ProgressCounter } from './progress.js';
import { type DatasetReport, reportOf } from './report.js';
import { takeShard } from './take-shard.js';

/** What `mergeDatasets` is given. */
export interface MergeOptions extends DatasetWork {
  /** Directories of datasets of one schema; their samples come in this order. */
  readonly inputs: readonly string[];
  /** The directory of the new dataset. */
  readonly output: string;
  /** Replace a dataset that is there already; false. */
  readonly overwrite?: boolean | undefined;
  /** Copy the shards in place of giving the same files a second name; false. */
  readonly copy?: boolean | undefined;
}

/**
 * Makes one dataset of several, sample after sample in the order of the inputs; it appears all at once.
 *
 * No row is rewritten: the new dataset has the shards of the old ones, by hard links where the file system allows it,
 * under new names. So it takes no space and no time, its shards end where those of the inputs did, and the inputs can be
 * removed afterwards. The same inputs give the same bytes.
 *
 * @throws ZC_ARGUMENT, also where the output lies in an input; ZC_FORMAT_SCHEMA where the schemas differ;
 *   ZC_IO_EXISTS, ZC_FORMAT_BUSY, ZC_ABORTED, ZC_IO_WRITE, and ZC_FORMAT_* where a shard is not what its manifest says
 *
 * @example
 * await mergeDatasets({ inputs: ['data/monday', 'data/tuesday'], output: 'data/train' });
 */
export async function mergeDatasets(options: MergeOptions): Promise<DatasetReport> {
  const { inputs: paths, output, overwrite = false, copy = false } = options;
  const started = performance.now();
  await refuseInside(paths, output);
  const inputs = await openInputs(paths);
  const sum = (key: 'samples' | 'bytes') => inputs.reduce((total, { manifest }) => total + manifest[key], 0);
  const counter = new ProgressCounter(options, { samples: sum('samples'), bytes: sum('bytes') });
  await using partial = await openPartial(output, { overwrite });
  const shards: ShardEntry[] = [];
  for (const input of inputs) {
    await using dataset = input;
    for (const [number, entry] of dataset.manifest.shards.entries()) {
      if (entry.samples === 0) continue;
      const name = shardName(shards.length);
      await takeShard(dataset, number, join(partial.path, name), { copy, counter });
      shards.push({ ...entry, name });
    }
  }
  if (shards.length === 0) {
    await using first = inputs[0];
    const name = shardName(0);
    await takeShard(first, 0, join(partial.path, name), { copy, counter });
    shards.push({ ...first.manifest.shards[0]!, name });
  }
  counter.end();
  const manifest = await publishManifest(partial, inputs[0].schema, shards);
  return reportOf(manifest, started);
}
