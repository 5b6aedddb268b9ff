import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../../tools/testing/temporary-directory.js';
import { ownCopy } from '../rivals/node/own-copy.js';
import type { DataSet } from '../src/data.js';

const ROWS = 3;

it('a copy is made once, and one that failed halfway is made again', async () => {
  const data = emptyRows();
  const broken = ownCopy(data, 'other', (folder) => {
    writeFileSync(join(folder, 'half'), '');
    throw new Error('the disk is full');
  });
  await expect(broken).rejects.toThrow('the disk is full');

  let made = 0;
  const make = () =>
    ownCopy(data, 'other', (folder, rows) => {
      made += 1;
      writeFileSync(join(folder, 'labels'), rows.labels.join());
    });
  const folder = await make();
  expect(await make()).toBe(folder);
  expect(made).toBe(1);
  expect(readFileSync(join(folder, 'labels'), 'utf8')).toBe('0,1,2');
  expect(existsSync(join(folder, 'half'))).toBe(false);
});

/** Rows without a byte, with their places as labels. */
function emptyRows(): DataSet {
  const folder = temporaryDirectory();
  const path = join(folder, 'labels.bin');
  writeFileSync(
    path,
    BigInt64Array.from({ length: ROWS }, (_, row) => BigInt(row)),
  );
  return {
    name: 'test',
    rows: ROWS,
    rowBytes: 0,
    shards: join(folder, 'shards'),
    regions: [{ path, offsetBytes: 0, rows: ROWS }],
    labels: { path, offsetBytes: 0 },
    sum: '0',
  };
}
