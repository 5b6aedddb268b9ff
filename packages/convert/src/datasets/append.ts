import { join } from 'node:path';
import type { ShardEntry } from '@zc/format';
import { openAppend } from '@zc/format/node';
import { refuseInside } from '../output-place.js';
import { openInputs } from './dataset-inputs.js';
import { type DatasetWork, ProgressCounter } from './progress.js';
import { demandSameSchema } from './schema-differences.js';
import { takeShard } from './take-shard.js';

/** What `appendToDataset` is given. */
export interface AppendOptions extends DatasetWork {
  /** Directory of the dataset that grows. */
  readonly dataset: string;
  /** Directories of datasets of the same schema; their samples follow in this order. */
  readonly inputs: readonly string[];
  /** Copy the shards in place of giving the same files a second name; false. */
  readonly copy?: boolean | undefined;
}

/** What an append has done. */
export interface AppendReport {
  /** Samples that were added, and their shards and bytes. */
  readonly added: { readonly samples: number; readonly shards: number; readonly bytes: number };
  /** Of the whole dataset now. */
  readonly samples: number;
  readonly shards: number;
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Adds the samples of other datasets behind those of a dataset: new shards, then a new manifest, which takes the place of
 * the old one at once.
 *
 * Readers that have the dataset open go on with the samples that they know. Killed at any moment, the dataset is as it
 * was or whole with all that was added. Only one can write to a dataset at a time.
 *
 * @throws ZC_FORMAT_BUSY where another one writes to it; ZC_FORMAT_SCHEMA where a schema differs; ZC_ARGUMENT,
 *   ZC_IO_OPEN, ZC_ABORTED, ZC_IO_WRITE, and ZC_FORMAT_* where a shard is not what its manifest says
 *
 * @example
 * await pack({ input: 'photos/today', output: 'data/today' });
 * await appendToDataset({ dataset: 'data/train', inputs: ['data/today'] });
 */
export async function appendToDataset(options: AppendOptions): Promise<AppendReport> {
  const { dataset: path, inputs: paths, copy = false } = options;
  const started = performance.now();
  await refuseInside(paths, path);
  const inputs = await openInputs(paths);
  const sum = (key: 'samples' | 'bytes') => inputs.reduce((total, { manifest }) => total + manifest[key], 0);
  const counter = new ProgressCounter(options, { samples: sum('samples'), bytes: sum('bytes') });
  const append = await openAppend(path);
  try {
    demandSameSchema({ path, schema: append.manifest.schema }, { path: paths[0]!, schema: inputs[0].schema });
    const entries: ShardEntry[] = [];
    for (const input of inputs) {
      await using dataset = input;
      for (const [number, entry] of dataset.manifest.shards.entries()) {
        if (entry.samples === 0) continue;
        const name = append.nextName();
        await takeShard(dataset, number, join(append.path, name), { copy, counter });
        entries.push({ ...entry, name });
      }
    }
    counter.end();
    const { samples, shards, bytes } = await append.publish(entries);
    return {
      added: { samples: sum('samples'), shards: entries.length, bytes: total(entries) },
      samples,
      shards: shards.length,
      bytes,
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await append.discard();
  }
}

function total(entries: readonly ShardEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}
