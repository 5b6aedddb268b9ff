import { sum64 } from '@zc/io';
import { DataLoader, type DataLoaderOptions, type DatasetOptions } from '@zc/loader';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';

let loader: DataLoader;
let seed = 7;

/** The loader as it comes; `params` are its own options and those of its dataset. */
export default {
  async open({ data, batchSize, shuffle, params }: Settings) {
    seed += 1;
    const options = params as DataLoaderOptions & DatasetOptions;
    loader = await DataLoader.open(data.shards, { batchSize, shuffle, seed, ...options });
  },

  async *epoch(): AsyncGenerator<Consumed> {
    for await (const batch of loader) {
      let [bytes, sum] = [0, 0n];
      for (const column of Object.values(batch.fields)) {
        for (const value of Array.isArray(column) ? column : [column]) {
          const data = bytesOf(value);
          bytes += data.byteLength;
          sum += sum64(data);
        }
      }
      yield { samples: batch.length, bytes, sum, ids: batch.indices };
    }
  },

  async close() {
    await loader.close();
  },
} satisfies NodeContender;

/** Of a column in a slot, or of one sample's value where batches are mapped. */
function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'bigint') return new Uint8Array(BigInt64Array.of(value).buffer);
  const data = value instanceof Uint8Array ? value : (value as { data: ArrayBufferView }).data;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
