import { sum64 } from '@zc/io';
import { DataLoader, type DataLoaderOptions, Dataset } from '@zc/loader';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';

let dataset: Dataset;
let loader: DataLoader;

/** The loader as it comes; `params` are its own options. */
export default {
  async open({ data, batchSize, shuffle, params }: Settings) {
    dataset = await Dataset.open(data.shards);
    loader = new DataLoader(dataset, { batchSize, shuffle, seed: 7, ...(params as DataLoaderOptions) });
  },

  async *epoch(): AsyncGenerator<Consumed> {
    for await (const batch of loader) {
      const { x, label } = batch.fields as Record<string, { data: Uint8Array | BigInt64Array }>;
      const labels = new Uint8Array(label!.data.buffer, label!.data.byteOffset, label!.data.byteLength);
      const bytes = x!.data.byteLength + labels.byteLength;
      yield { samples: batch.length, bytes, sum: sum64(x!.data as Uint8Array) + sum64(labels) };
    }
  },

  async close() {
    await loader.close();
    dataset.close();
  },
} satisfies NodeContender;
