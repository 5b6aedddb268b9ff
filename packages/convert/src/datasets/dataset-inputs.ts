import { ZcError } from '@zc/errors';
import type { EncodedSample } from '@zc/format';
import { type DatasetReader, openDataset } from '@zc/format/node';
import { fastDigests } from '../digests.js';
import { demandSameSchema } from './schema-differences.js';

/**
 * Opens a dataset to be worked on: its rows are checked as they are read.
 *
 * @throws ZC_IO_OPEN, ZC_FORMAT_MANIFEST, ZC_FORMAT_SCHEMA
 */
export function openInput(path: string): Promise<DatasetReader> {
  return openDataset(path, { digests: fastDigests() });
}

/**
 * Opens datasets of one schema.
 *
 * @throws ZC_ARGUMENT where none is named, ZC_FORMAT_SCHEMA where one differs from the first, and what opening throws
 */
export async function openInputs(
  paths: readonly string[],
): Promise<readonly [DatasetReader, ...DatasetReader[]]> {
  // Manifests alone: nothing is held open before rows are read.
  const inputs = await Promise.all(paths.map(openInput));
  const [first, ...rest] = inputs;
  if (!first) throw new ZcError('ZC_ARGUMENT', 'no dataset was named');
  for (const other of rest) {
    demandSameSchema(
      { path: first.directory, schema: first.schema },
      { path: other.directory, schema: other.schema },
    );
  }
  return [first, ...rest];
}

/** Samples `start` to `end - 1` in stored form, through the shards in order; see `ShardReader.encodedRows`. */
export async function* encodedRowsOf(
  dataset: DatasetReader,
  start = 0,
  end = dataset.length,
): AsyncGenerator<EncodedSample, void, undefined> {
  let first = 0;
  for (const [number, { samples }] of dataset.manifest.shards.entries()) {
    const [from, to] = [Math.max(start - first, 0), Math.min(end - first, samples)];
    if (from < to) yield* (await dataset.shard(number)).encodedRows(from, to);
    first += samples;
  }
}
