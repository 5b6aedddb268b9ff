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
      let [bytes, sum] = [0, 0n];
      for (const { data } of Object.values(batch.fields)) {
        bytes += data.byteLength;
        sum += sum64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      yield { samples: batch.length, bytes, sum };
    }
  },

  async close() {
    await loader.close();
    await dataset.close();
  },
} satisfies NodeContender;
