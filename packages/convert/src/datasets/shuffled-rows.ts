import { join } from 'node:path';
import type { EncodedSample } from '@zc/format';
import { type DatasetReader, spillFile } from '@zc/format/node';
import { encodedRowsOf } from './dataset-inputs.js';
import { DRAW_LIMIT, Draw } from './draw.js';
import { Bucket } from './shuffle-bucket.js';

export interface ShuffleOptions {
  readonly seed: number;
  /** Where the buckets lie until they are read: as many bytes as the dataset has, or `bucketBytes * bucketsOpenMax`. */
  readonly workPath: string;
  /** What is sorted in memory at once, about; 128 MiB. */
  readonly bucketBytes?: number | undefined;
  /** Buckets that are filled in one pass; 256. */
  readonly bucketsOpenMax?: number | undefined;
}

/**
 * The samples of a dataset in an order that is drawn by the seed, every one equally likely; stored form.
 *
 * Sorts them by their draw: the dataset is read from front to back, each sample goes to the bucket of its draw, and one
 * bucket after the other is sorted in memory. So the disk is never read at random, and the order depends on the seed and
 * the number of samples alone. What does not fit into the buckets of one pass is read again for the next.
 */
export async function* shuffledRowsOf(
  dataset: DatasetReader,
  { seed, workPath, bucketBytes = 128 * 2 ** 20, bucketsOpenMax = 256 }: ShuffleOptions,
): AsyncGenerator<EncodedSample, void, undefined> {
  const draw = new Draw(seed);
  const count = Math.max(1, Math.ceil(dataset.manifest.bytes / bucketBytes));
  for (let first = 0; first < count; first += bucketsOpenMax) {
    const buckets: Bucket[] = [];
    try {
      for (let i = first; i < Math.min(count, first + bucketsOpenMax); i++) {
        buckets.push(new Bucket(await spillFile(join(workPath, `bucket-${i}`)), dataset.schema));
      }
      let sample = 0;
      for await (const encoded of encodedRowsOf(dataset)) {
        const key = draw.at(sample++);
        const bucket = buckets[Math.floor((key / DRAW_LIMIT) * count) - first];
        await bucket?.add(key, encoded);
      }
      for (const bucket of buckets) {
        yield* await bucket.sorted();
        await bucket.close();
      }
    } finally {
      for (const bucket of buckets) await bucket.close();
    }
  }
}
