import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { FileWriter, sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { FlatRows } from './flat-rows.js';

/** Rows that lie in memory, to be written over and over. */
const HELD_ROWS = 64;

interface HeldRow {
  readonly bytes: Uint8Array;
  readonly sum: bigint;
}

let settings: Settings;
let held: HeldRow[] | undefined;

/**
 * One file, row by row from memory. `params.way`: `zc` is the file writer; `buffered` is what people write:
 * `writeSync` to a temporary name, `fsync`, `rename`.
 */
export default {
  async open(given: Settings) {
    settings = given;
    held ??= readRows(given);
  },

  async *epoch(): AsyncGenerator<Consumed> {
    const { path } = settings.output!;
    if (settings.params.way === 'zc') {
      await using writer = new FileWriter(path);
      for (const row of rowsToWrite()) {
        await writer.append(row.bytes);
        yield { samples: 1, bytes: row.bytes.length, sum: row.sum };
      }
      await writer.finish();
    } else {
      const file = openSync(`${path}.partial`, 'w');
      for (const row of rowsToWrite()) {
        writeSync(file, row.bytes);
        yield { samples: 1, bytes: row.bytes.length, sum: row.sum };
      }
      fsyncSync(file);
      closeSync(file);
      renameSync(`${path}.partial`, path);
    }
  },

  async close() {},
} satisfies NodeContender;

function* rowsToWrite(): Generator<HeldRow> {
  const count = settings.output!.bytes / settings.data.rowBytes;
  for (let i = 0; i < count; i++) yield held![i % held!.length]!;
}

function readRows({ data }: Settings): HeldRow[] {
  const rows = new FlatRows(data);
  const read = Array.from({ length: HELD_ROWS }, (_, id) => {
    const bytes = Buffer.allocUnsafeSlow(rows.length(id));
    rows.read(id, bytes);
    return { bytes, sum: sum64(bytes) };
  });
  rows.close();
  return read;
}
