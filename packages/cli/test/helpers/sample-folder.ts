import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';

/** Images of two classes: `cat/0.jpg` holds `0`, `dog/1.jpg` holds `1,1`, and so on. */
export function imageFolder(count = 6): string {
  const root = temporaryDirectory();
  for (const name of ['cat', 'dog']) mkdirSync(join(root, name));
  for (let i = 0; i < count; i++) {
    const path = join(root, i % 2 === 0 ? 'cat' : 'dog', `${i}.jpg`);
    writeFileSync(path, new Uint8Array(2000).fill(i));
  }
  return root;
}

/** A `.npy` file of `rows` rows of `rowBytes` bytes, each filled with its number. */
export function arrayFile(rows: number, rowBytes: number): string {
  const path = join(temporaryDirectory(), 'array.npy');
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, ${rowBytes}), }`.padEnd(117);
  const head = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(`${header}\n`)]);
  const body = Buffer.alloc(rows * rowBytes);
  for (let row = 0; row < rows; row++) body.fill(row, row * rowBytes, (row + 1) * rowBytes);
  writeFileSync(path, Buffer.concat([head, body]));
  return path;
}
