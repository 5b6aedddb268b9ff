import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sum64 } from '@zc/io';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { FlatRows } from './flat-rows.js';
import { idsOf } from './order.js';
import { ownCopy } from './own-copy.js';

/** Files of a folder: as a tree of images has them. */
const FOLDER_FILES = 1000;

let settings: Settings;
let folder: string;
let labels: BigInt64Array;
let epochs = 0;

/**
 * A file a sample, labels from an array in memory. `params.by` is `promises` (`fs.promises.readFile`, those of a
 * batch all asked for at once) or `sync` (`fs.readFileSync`, one after another).
 */
export default {
  async prepare({ data }: Settings) {
    folder = await ownCopy(data, 'file-per-sample', (path, rows) => {
      for (let id = 0; id < data.rows; id += 1) {
        if (id % FOLDER_FILES === 0) mkdirSync(join(path, folderOf(id)));
        const row = Buffer.allocUnsafeSlow(rows.length(id));
        rows.read(id, row);
        writeFileSync(join(path, folderOf(id), `${id}.bin`), row);
      }
    });
    return [folder];
  },

  async open(given: Settings) {
    settings = given;
    const rows = new FlatRows(given.data);
    labels = rows.labels;
    rows.close();
  },

  async *epoch(): AsyncGenerator<Consumed> {
    const { batchSize, params } = settings;
    epochs += 1;
    const order = idsOf(settings, epochs);
    for (let start = 0; start < order.length; start += batchSize) {
      const ids = order.subarray(start, start + batchSize);
      const paths = Array.from(ids, (id) => join(folder, folderOf(id), `${id}.bin`));
      const files =
        params.by === 'sync'
          ? paths.map((path) => readFileSync(path))
          : await Promise.all(paths.map((path) => readFile(path)));
      let bytes = ids.length * 8;
      let sum = 0n;
      files.forEach((file, i) => {
        sum += sum64(file) + labels[ids[i]!]!;
        bytes += file.length;
      });
      yield { samples: ids.length, bytes, sum, ids };
    }
  },

  async close() {},
} satisfies NodeContender;

function folderOf(id: number): string {
  return String(Math.floor(id / FOLDER_FILES)).padStart(4, '0');
}
