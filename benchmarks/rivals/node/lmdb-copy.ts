import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { DataSet } from '../../src/data.js';
import { ownCopy } from './own-copy.js';

/** Rows that are put in one transaction, of at most about this many bytes. */
const TRANSACTION_BYTES = 64 * 2 ** 20;
/** What the documentation has for ids below 2^32 and for values that bring no encoding. */
const OPTIONS = { keyEncoding: 'uint32', encoding: 'binary' } as const;

/**
 * The rows in LMDB, made once: the id is the key, the row and behind it its label are the value, not compressed.
 * Pages of 4 KiB, as the documentation has it for what memory can cache.
 *
 * @returns the path of the file
 */
export async function lmdbCopy(data: DataSet): Promise<string> {
  const folder = await ownCopy(data, 'lmdb', async (partial, rows) => {
    const database = open<Buffer, number>({ path: join(partial, 'rows.mdb'), ...OPTIONS });
    const perTransaction = Math.ceil(TRANSACTION_BYTES / data.rowBytes);
    for (let first = 0; first < data.rows; first += perTransaction) {
      const end = Math.min(first + perTransaction, data.rows);
      database.transactionSync(() => {
        for (let id = first; id < end; id += 1) {
          const value = Buffer.allocUnsafeSlow(rows.length(id) + 8);
          rows.read(id, value);
          value.writeBigInt64LE(rows.labels[id]!, rows.length(id));
          database.putSync(id, value, { append: true });
        }
      });
    }
    await database.close();
  });
  return join(folder, 'rows.mdb');
}

export function openLmdb(path: string): RootDatabase<Buffer, number> {
  return open<Buffer, number>({ path, ...OPTIONS, readOnly: true });
}
