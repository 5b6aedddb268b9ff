import { createReadStream } from 'node:fs';
import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { FlatRows } from './flat-rows.js';

let settings: Settings;
let rows: FlatRows;

/**
 * `fs.createReadStream` over the rows as they lie, cut into batches: sequential only, whatever the scenario asks
 * of the others. Chunks are copied into one buffer that is used for every batch.
 *
 * `params`: `highWaterMark`, the bytes of a chunk; Node's default of 64 KiB if left out.
 */
export default {
  async open(given: Settings) {
    settings = given;
    rows = new FlatRows(given.data);
  },

  async *epoch(): AsyncGenerator<Consumed> {
    const { data, batchSize, params } = settings;
    const batch = Buffer.allocUnsafeSlow(batchSize * rows.lengthMax);
    let row = 0;
    for (const { path, offsetBytes, rows: count } of data.regions) {
      const end = row + count;
      const last = end - 1;
      const stream = createReadStream(path, {
        ...params,
        start: offsetBytes,
        end: rows.offsetOf[last]! + rows.length(last) - 1,
      });
      let [filled, wanted] = [0, bytesOf(row, Math.min(row + batchSize, end))];
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; ) {
          const copied = chunk.copy(batch, filled, at, at + wanted - filled);
          at += copied;
          filled += copied;
          if (filled < wanted) continue;
          const next = Math.min(row + batchSize, end);
          const samples = next - row;
          let sum = sum64(batch.subarray(0, wanted));
          for (let id = row; id < next; id += 1) sum += rows.labels[id]!;
          yield { samples, bytes: wanted + samples * 8, sum, ids: idsBetween(row, next) };
          row = next;
          [filled, wanted] = [0, bytesOf(row, Math.min(row + batchSize, end))];
        }
      }
    }
  },

  async close() {
    rows.close();
  },
} satisfies NodeContender;

/** Of neighbouring rows of one region. */
function bytesOf(first: number, end: number): number {
  return first === end ? 0 : rows.offsetOf[end - 1]! + rows.length(end - 1) - rows.offsetOf[first]!;
}

function idsBetween(first: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - first }, (_, i) => first + i);
}
