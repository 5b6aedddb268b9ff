import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DataSet } from '../../src/data.js';
import { FlatRows } from './flat-rows.js';

/**
 * A folder beside the set with its rows in another format, made once; where the set is made again, it goes too.
 *
 * @param write - fills the folder, which gets its name when that is done
 */
export async function ownCopy(
  data: DataSet,
  name: string,
  write: (folder: string, rows: FlatRows) => Promise<void> | void,
): Promise<string> {
  const folder = join(dirname(data.shards), 'copies', name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const rows = new FlatRows(data);
  try {
    await write(partial, rows);
  } finally {
    rows.close();
  }
  renameSync(partial, folder);
  return folder;
}
