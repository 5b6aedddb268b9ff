import { sum64 } from '@zc/io';
import type { RootDatabase } from 'lmdb';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { lmdbCopy, openLmdb } from './lmdb-copy.js';
import { idsOf } from './order.js';

let settings: Settings;
let path: string;
let database: RootDatabase<Buffer, number>;
let epochs = 0;

/**
 * LMDB by the package `lmdb`, as `lmdb-copy.ts` lays it out.
 *
 * `params.get`: `copy` (`get`, a buffer of its own for each value), `fast` (`getBinaryFast`, which is valid until
 * the next one) or `many` (`getMany` of a batch: pages are faulted in by another thread first, as is
 * recommended for what is not in memory).
 */
export default {
  async prepare({ data }: Settings) {
    path = await lmdbCopy(data);
    return [path];
  },

  async open(given: Settings) {
    settings = given;
    database = openLmdb(path);
  },

  async *epoch(): AsyncGenerator<Consumed> {
    const { batchSize, params } = settings;
    epochs += 1;
    const order = idsOf(settings, epochs);
    for (let start = 0; start < order.length; start += batchSize) {
      const ids = order.subarray(start, start + batchSize);
      let [bytes, sum] = [0, 0n];
      const consume = (value: Buffer) => {
        bytes += value.length;
        // A buffer that is used again says the value's length, and is longer.
        sum += sum64(new Uint8Array(value.buffer, value.byteOffset, value.length));
      };
      if (params.get === 'many') {
        for (const value of await database.getMany(Array.from(ids))) consume(value!);
      } else if (params.get === 'fast') {
        for (const id of ids) consume(database.getBinaryFast(id)!);
      } else {
        for (const id of ids) consume(database.get(id)!);
      }
      yield { samples: ids.length, bytes, sum, ids };
    }
  },

  async close() {
    await database.close();
  },
} satisfies NodeContender;
