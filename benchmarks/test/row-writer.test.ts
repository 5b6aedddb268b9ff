import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sum64 } from '@zc/io';
import { Dataset } from '@zc/loader';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../tools/testing/temporary-directory.js';
import { FlatRows } from '../rivals/node/flat-rows.js';
import type { DataSet } from '../src/data.js';
import { type RowKind, writeRows } from '../src/row-writer.js';

const ROWS = 40;

describe.each<[string, Omit<RowKind, 'flat'>]>([
  ['of one length', { rowBytes: 3072 }],
  ['of different lengths', { rowBytes: { min: 512, max: 4096 } }],
  ['of tokens', { rowBytes: { min: 128, max: 4096 }, dtype: 'uint16' }],
])('rows %s', (_, kind) => {
  const { rowBytes } = kind;
  it('are the same in the shards, to whoever reads these as flat files, and in the sums', async () => {
    const folder = temporaryDirectory();
    const { sum, regions } = await writeRows(folder, ROWS, { ...kind, flat: true });
    const set: DataSet = {
      name: 'test',
      rows: ROWS,
      rowBytes: typeof rowBytes === 'number' ? rowBytes : 0,
      shards: join(folder, 'shards'),
      regions: regions.map((region) => ({ ...region, path: join(folder, region.path) })),
      ...(typeof rowBytes !== 'number' && { lengths: join(folder, 'lengths.bin') }),
      labels: { path: join(folder, 'labels.bin'), offsetBytes: 0 },
      sum: sum.toString(),
    };
    const flat = new FlatRows(set);
    await using dataset = await Dataset.open(set.shards);
    const sums = new BigUint64Array(new Uint8Array(readFileSync(join(folder, 'sums.bin'))).buffer);
    const copy = readFileSync(join(folder, 'rows.bin'));
    let [total, at] = [0n, 0];
    for (let row = 0; row < ROWS; row += 1) {
      const { x, label } = dataset.get(row) as {
        x: Uint8Array | { data: Uint8Array | Uint16Array };
        label: bigint;
      };
      const { buffer, byteOffset, byteLength } = x instanceof Uint8Array ? x : x.data;
      const bytes = Buffer.from(buffer, byteOffset, byteLength);
      const read = Buffer.alloc(flat.length(row));
      flat.read(row, read);
      expect(read.equals(bytes)).toBe(true);
      expect(copy.subarray(at, at + bytes.length).equals(bytes)).toBe(true);
      at += bytes.length;
      expect([label, flat.labels[row]]).toEqual([BigInt(row), BigInt(row)]);
      expect(sums[row]).toBe(BigInt.asUintN(64, sum64(bytes) + label));
      total += sums[row]!;
    }
    expect(BigInt.asUintN(64, total)).toBe(sum);
    expect(flat.lengthMax).toBe(Math.max(...Array.from({ length: ROWS }, (_, row) => flat.length(row))));
    flat.close();
  });
});
