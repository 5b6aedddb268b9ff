import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles } from '../file-list.js';
import type { SampleSource } from '../sample-source.js';
import { openTables } from '../tables/table-source.js';
import { openParquetFile, PARQUET_MAGIC } from './parquet-file.js';

/**
 * Parquet files, or a folder of them, one sample a row.
 *
 * A row group at a time is in memory. Of a folder the files are taken in the order of their names.
 */
export const parquet: SampleSource = {
  name: 'parquet',

  async detect({ isDirectory, path, paths, head }) {
    if (!isDirectory) return paths[0] !== '-' && isParquet(head);
    const files = await listFiles(path!).catch(() => []);
    if (!files.some(isNamed)) return false;
    return (
      files.every((name) => isNamed(name) || isBeside(name)) &&
      isParquet(await headOf(join(path!, files.find(isNamed)!)))
    );
  },

  async open({ isDirectory, path, paths }, options) {
    const files = isDirectory
      ? (await listFiles(path!, options)).filter(isNamed).map((name) => join(path!, name))
      : paths;
    return openTables({ title: 'a Parquet table', paths: files, open: openParquetFile });
  },
};

function isParquet(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, PARQUET_MAGIC.length)).toString('latin1') === PARQUET_MAGIC;
}

function isNamed(name: string): boolean {
  return /\.(parquet|pq)$/i.test(name);
}

/** What writers leave beside the files: marks of success, and a card that describes the dataset. */
function isBeside(name: string): boolean {
  return /(^|\/)(_[^/]*|README\.md|dataset_infos?\.json)$/i.test(name);
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(new Uint8Array(PARQUET_MAGIC.length), 0, PARQUET_MAGIC.length, 0);
    return buffer;
  } finally {
    await file.close();
  }
}
