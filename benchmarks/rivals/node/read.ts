import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { FlatRows } from './flat-rows.js';
import { idsOf } from './order.js';

let settings: Settings;
let rows: FlatRows;
let epochs = 0;

/**
 * What people write: one `read` a sample from a flat file, labels from an array in memory. `params.buffer` is
 * `fresh` (a new Buffer for each sample, as code that hands samples on must have), `reused` (one for all) or
 * `batch` (one for all batches, with each row in its place, so that a batch is summed in one call).
 */
export default {
  async open(given: Settings) {
    settings = given;
    rows = new FlatRows(given.data);
  },

  *epoch(): Generator<Consumed> {
    const { data, batchSize, params } = settings;
    epochs += 1;
    const order = idsOf(settings, epochs);
    const reused = params.buffer === 'reused' ? Buffer.allocUnsafeSlow(rows.lengthMax) : undefined;
    const batch = params.buffer === 'batch' ? Buffer.allocUnsafeSlow(batchSize * rows.lengthMax) : undefined;
    for (let start = 0; start < data.rows; start += batchSize) {
      const ids = order.subarray(start, start + batchSize);
      yield batch ? readBatch(ids, batch) : readRows(ids, reused);
    }
  },

  async close() {
    rows.close();
  },
} satisfies NodeContender;

function readRows(ids: Uint32Array, reused: Buffer | undefined): Consumed {
  let bytes = ids.length * 8;
  let sum = 0n;
  for (const id of ids) {
    const length = rows.length(id);
    const buffer = reused?.subarray(0, length) ?? Buffer.allocUnsafeSlow(length);
    rows.read(id, buffer);
    sum += sum64(buffer) + rows.labels[id]!;
    bytes += length;
  }
  return { samples: ids.length, bytes, sum, ids };
}

function readBatch(ids: Uint32Array, batch: Buffer): Consumed {
  const labels = new BigInt64Array(ids.length);
  let end = 0;
  ids.forEach((id, i) => {
    rows.read(id, batch, end);
    labels[i] = rows.labels[id]!;
    end += rows.length(id);
  });
  const sum = sum64(batch.subarray(0, end)) + sum64(new Uint8Array(labels.buffer));
  return { samples: ids.length, bytes: end + labels.byteLength, sum, ids };
}
