import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { shuffledIds } from './order.js';

let settings: Settings;
let descriptor: number;
let labels: BigInt64Array;
let epochs = 0;

/**
 * What people write: one `read` a sample from a flat file, labels from an array in memory. `params.buffer` is
 * `fresh` (a new Buffer for each sample, as code that hands samples on must have) or `reused` (one for all).
 */
export default {
  async open(given: Settings) {
    settings = given;
    descriptor = openSync(given.data.flat.path, 'r');
    const { path, offsetBytes } = given.data.labels;
    labels = new BigInt64Array(new Uint8Array(readFileSync(path).subarray(offsetBytes)).buffer);
  },

  *epoch(): Generator<Consumed> {
    const { data, batchSize, shuffle, params } = settings;
    epochs += 1;
    const ids = shuffle ? shuffledIds(data.rows, epochs) : undefined;
    const reused = params.buffer === 'reused' ? Buffer.allocUnsafeSlow(data.rowBytes) : undefined;
    for (let start = 0; start < data.rows; start += batchSize) {
      const end = Math.min(start + batchSize, data.rows);
      let sum = 0n;
      for (let i = start; i < end; i += 1) {
        const id = ids ? ids[i]! : i;
        const buffer = reused ?? Buffer.allocUnsafeSlow(data.rowBytes);
        readSync(descriptor, buffer, 0, data.rowBytes, data.flat.offsetBytes + id * data.rowBytes);
        sum += sum64(buffer) + labels[id]!;
      }
      yield { samples: end - start, bytes: (end - start) * (data.rowBytes + 8), sum };
    }
  },

  async close() {
    closeSync(descriptor);
  },
} satisfies NodeContender;
