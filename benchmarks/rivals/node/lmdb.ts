import { join } from 'node:path';
import { sum64 } from '@zc/io';
import { open, type RootDatabase } from 'lmdb';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { idsOf } from './order.js';
import { ownCopy } from './own-copy.js';

/** Rows that are put in one transaction, of at most about this many bytes. */
const TRANSACTION_BYTES = 64 * 2 ** 20;
/** What the documentation has for ids below 2^32 and for values that bring no encoding. */
const OPTIONS = { keyEncoding: 'uint32', encoding: 'binary' } as const;

let settings: Settings;
let path: string;
let database: RootDatabase<Buffer, number>;
let epochs = 0;

/**
 * LMDB by the package `lmdb`: the id is the key, the row and behind it its label are the value, no compression.
 * Pages of 4 KiB, as the documentation has it for what memory can cache.
 *
 * `params.get`: `copy` (`get`, a buffer of its own for each value), `fast` (`getBinaryFast`, which is valid until
 * the next one) or `many` (`getMany` of a batch: pages are faulted in by another thread first, as is
 * recommended for what is not in memory).
 */
export default {
  async prepare({ data }: Settings) {
    const folder = await ownCopy(data, 'lmdb', async (partial, rows) => {
      await using writer = closing(open<Buffer, number>({ path: join(partial, 'rows.mdb'), ...OPTIONS }));
      const perTransaction = Math.ceil(TRANSACTION_BYTES / data.rowBytes);
      for (let first = 0; first < data.rows; first += perTransaction) {
        const end = Math.min(first + perTransaction, data.rows);
        writer.database.transactionSync(() => {
          for (let id = first; id < end; id += 1) {
            const value = Buffer.allocUnsafeSlow(rows.length(id) + 8);
            rows.read(id, value);
            value.writeBigInt64LE(rows.labels[id]!, rows.length(id));
            writer.database.putSync(id, value, { append: true });
          }
        });
      }
    });
    path = join(folder, 'rows.mdb');
    return [path];
  },

  async open(given: Settings) {
    settings = given;
    database = open<Buffer, number>({ path, ...OPTIONS, readOnly: true });
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

function closing(database: RootDatabase<Buffer, number>) {
  return { database, [Symbol.asyncDispose]: () => database.close() };
}
