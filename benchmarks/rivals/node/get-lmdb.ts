import { lmdbCopy, openLmdb } from './lmdb-copy.js';
import { timedGets } from './timed-gets.js';

/** `getBinaryFast` of LMDB: the value in a buffer that is valid until the next one. */
export default timedGets(
  async ({ data }) => {
    const database = openLmdb(await lmdbCopy(data));
    return {
      get(id) {
        const value = database.getBinaryFast(id)!;
        const length = value.length - 8;
        // The buffer says the value's length, and is longer.
        return {
          row: new Uint8Array(value.buffer, value.byteOffset, length),
          label: value.readBigInt64LE(length),
        };
      },
      close: () => database.close(),
    };
  },
  async ({ data }) => [await lmdbCopy(data)],
);
