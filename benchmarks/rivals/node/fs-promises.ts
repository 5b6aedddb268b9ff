import { type FileHandle, open } from 'node:fs/promises';
import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { FlatRows } from './flat-rows.js';
import { idsOf } from './order.js';

let settings: Settings;
let rows: FlatRows;
let handles: FileHandle[];
let epochs = 0;

/**
 * `FileHandle.read` of `node:fs/promises`: a read a sample into a fresh buffer, those of a batch all asked for at
 * once. libuv makes as many of them at a time as it has threads: four, and on two cores and a disk more of them
 * (UV_THREADPOOL_SIZE) brought nothing.
 */
export default {
  async open(given: Settings) {
    settings = given;
    rows = new FlatRows(given.data);
    handles = await Promise.all(given.data.regions.map(({ path }) => open(path)));
  },

  async *epoch(): AsyncGenerator<Consumed> {
    const { batchSize } = settings;
    epochs += 1;
    const order = idsOf(settings, epochs);
    for (let start = 0; start < order.length; start += batchSize) {
      const ids = order.subarray(start, start + batchSize);
      const buffers = await Promise.all(Array.from(ids, read));
      let bytes = ids.length * 8;
      let sum = 0n;
      buffers.forEach((buffer, i) => {
        sum += sum64(buffer) + rows.labels[ids[i]!]!;
        bytes += buffer.length;
      });
      yield { samples: ids.length, bytes, sum, ids };
    }
  },

  async close() {
    rows.close();
    await Promise.all(handles.map((handle) => handle.close()));
  },
} satisfies NodeContender;

async function read(id: number): Promise<Buffer> {
  const length = rows.length(id);
  const buffer = Buffer.allocUnsafeSlow(length);
  await handles[rows.regionOf[id]!]!.read(buffer, 0, length, rows.offsetOf[id]!);
  return buffer;
}
