import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { shuffledIds } from './order.js';

const TOKEN_BYTES = Uint16Array.BYTES_PER_ELEMENT;

let settings: Settings;
let descriptor: number;
let epochs = 0;

/**
 * Windows of a token stream as training scripts read them: one `read` a window from the flat file, each to its
 * place in a batch that is used again. `params`: `length` and `stride` in tokens.
 */
export default {
  async open(given: Settings) {
    settings = given;
    descriptor = openSync(given.data.flat!.path, 'r');
  },

  *epoch(): Generator<Consumed> {
    const { batchSize, params } = settings;
    const { length, stride } = params as { length: number; stride: number };
    epochs += 1;
    const tokens = fstatSync(descriptor).size / TOKEN_BYTES;
    const order = shuffledIds(Math.floor((tokens - length) / stride) + 1, epochs);
    const windowBytes = length * TOKEN_BYTES;
    const batch = Buffer.allocUnsafeSlow(batchSize * windowBytes);
    for (let start = 0; start < order.length; start += batchSize) {
      const ids = order.subarray(start, start + batchSize);
      ids.forEach((id, i) => {
        readSync(descriptor, batch, i * windowBytes, windowBytes, id * stride * TOKEN_BYTES);
      });
      const x = batch.subarray(0, ids.length * windowBytes);
      yield { samples: ids.length, bytes: x.length, sum: sum64(x), ids };
    }
  },

  async close() {
    closeSync(descriptor);
  },
} satisfies NodeContender;
