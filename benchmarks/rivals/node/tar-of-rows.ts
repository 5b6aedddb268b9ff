import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exportDataset } from '@zc/convert';
import type { Settings } from '../../src/harness.js';

/** A WebDataset tar of a set's rows and labels, written beside the set the first time that it is asked for. */
export async function tarOfRows({ data }: Settings): Promise<string> {
  const tar = join(dirname(data.shards), 'rows.tar');
  if (!existsSync(tar)) await exportDataset({ input: data.shards, output: tar });
  return tar;
}
