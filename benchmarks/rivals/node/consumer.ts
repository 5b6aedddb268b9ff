import { closeSync, openSync, readSync } from 'node:fs';
import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';

const HELD_BYTES_MAX = 512 * 2 ** 20;

let settings: Settings;
let rows: Uint8Array;
let heldRows: number;

/** The consumer alone: sums as many batches as an epoch has, from rows that already lie in memory. */
export default {
  async open(given: Settings) {
    settings = given;
    const { data } = given;
    heldRows = Math.min(data.rows, Math.floor(HELD_BYTES_MAX / data.rowBytes));
    rows = Buffer.allocUnsafeSlow(heldRows * data.rowBytes);
    const descriptor = openSync(data.flat.path, 'r');
    readSync(descriptor, rows, 0, rows.length, data.flat.offsetBytes);
    closeSync(descriptor);
  },

  *epoch(): Generator<Consumed> {
    const { data, batchSize } = settings;
    for (let done = 0, at = 0; done < data.rows; ) {
      const samples = Math.min(batchSize, data.rows - done, heldRows - at);
      const x = rows.subarray(at * data.rowBytes, (at + samples) * data.rowBytes);
      yield { samples, bytes: x.length, sum: sum64(x) };
      done += samples;
      at = (at + samples) % heldRows;
    }
  },

  async close() {
    rows = new Uint8Array(0);
  },
} satisfies NodeContender;
