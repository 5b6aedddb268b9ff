import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';

/** A `.npy` file of these elements; `descr` is the dtype in NumPy's words, such as `<f4`. */
export function arrayFile(
  data: ArrayBufferView,
  { descr, shape, name = 'x' }: { descr: string; shape: readonly number[]; name?: string },
): string {
  const path = join(temporaryDirectory(), `${name}.npy`);
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`.padEnd(
    117,
  );
  const head = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'), Buffer.from(`${header}\n`)]);
  writeFileSync(path, Buffer.concat([head, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
  return path;
}
