import { Dataset, type DatasetOptions } from '@zc/loader';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { shuffledIds } from './order.js';

let settings: Settings;
let dataset: Dataset;
let epochs = 0;

/** `get(i)` in random order: the consumer takes the view and adds up the labels, and touches no byte of `x`. */
export default {
  async open(given: Settings) {
    settings = given;
    dataset = await Dataset.open(given.data.shards, given.params as DatasetOptions);
  },

  *epoch(): Generator<Consumed> {
    const { data, batchSize } = settings;
    epochs += 1;
    const order = shuffledIds(data.rows, epochs);
    for (let start = 0; start < data.rows; start += batchSize) {
      const ids = order.subarray(start, start + batchSize);
      let [bytes, sum] = [0, 0];
      for (const id of ids) {
        const { x, label } = dataset.get(id) as { x: { data: Uint8Array }; label: bigint };
        bytes += x.data.length;
        sum += Number(label);
      }
      yield { samples: ids.length, bytes, sum: BigInt(sum), ids };
    }
  },

  async close() {
    await dataset.close();
  },
} satisfies NodeContender;
