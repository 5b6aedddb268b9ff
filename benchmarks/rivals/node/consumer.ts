import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { FlatRows } from './flat-rows.js';

const HELD_BYTES_MAX = 512 * 2 ** 20;

let settings: Settings;
let held: Uint8Array;
/** Where each held row begins, and where the last one ends. */
let starts: number[];

/** The consumer alone: sums as many batches as an epoch has, from rows that already lie in memory. */
export default {
  async open(given: Settings) {
    settings = given;
    const rows = new FlatRows(given.data);
    starts = [0];
    for (let row = 0; row < given.data.rows; row += 1) {
      const end = starts[row]! + rows.length(row);
      if (end > HELD_BYTES_MAX) break;
      starts.push(end);
    }
    held = Buffer.allocUnsafeSlow(starts.at(-1)!);
    for (let row = 0; row < starts.length - 1; row += 1) {
      rows.read(row, held.subarray(starts[row]!, starts[row + 1]!));
    }
    rows.close();
  },

  *epoch(): Generator<Consumed> {
    const { data, batchSize } = settings;
    const heldRows = starts.length - 1;
    for (let done = 0, at = 0; done < data.rows; ) {
      const samples = Math.min(batchSize, data.rows - done, heldRows - at);
      const x = held.subarray(starts[at]!, starts[at + samples]!);
      yield { samples, bytes: x.length, sum: sum64(x) };
      done += samples;
      at = (at + samples) % heldRows;
    }
  },

  async close() {
    held = new Uint8Array(0);
  },
} satisfies NodeContender;
