import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dtype, dtypes } from '@zc/format';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../tools/testing/temporary-directory.js';
import { type NpyFile, readStrip } from '../src/sources/npy-strips.js';

const arrays = fc
  .record({
    dtype: fc.constantFrom<Dtype>('uint8', 'int16', 'float32', 'float64', 'complex64'),
    shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 4 }),
    isBigEndian: fc.boolean(),
    seed: fc.integer(),
  })
  .chain((array) =>
    fc.record({
      array: fc.constant(array),
      row: fc.integer({ min: 0, max: array.shape[0]! - 1 }),
      rows: fc.integer({ min: 1, max: 5 }),
    }),
  );

test('any rows of an array in Fortran order are those of the array in C order', async () => {
  const path = join(temporaryDirectory(), 'x');
  await fc.assert(
    fc.asyncProperty(arrays, async ({ array: { dtype, shape, isBigEndian, seed }, row, rows }) => {
      const { bytes, lanes } = dtypes[dtype];
      const elements = shape.reduce((product, extent) => product * extent);
      const inRows = Uint8Array.from({ length: elements * bytes }, (_, i) => (i * 37 + seed) & 0xff);
      const inFile = new Uint8Array(inRows.length);
      for (let i = 0; i < elements; i++) {
        const element = inRows.slice(i * bytes, (i + 1) * bytes);
        inFile.set(isBigEndian ? turned(element, bytes / lanes) : element, fortranPlace(i, shape) * bytes);
      }
      const head = 128;
      writeFileSync(path, Buffer.concat([Buffer.alloc(head), inFile]));
      const rowBytes = inRows.length / shape[0]!;
      const file: NpyFile = {
        path,
        header: { dtype, shape, isFortran: true, isBigEndian: isBigEndian && bytes > 1, dataOffset: head },
        samples: shape[0]!,
        rowBytes,
      };
      const count = Math.min(rows, shape[0]! - row);
      const handle = await open(path);
      try {
        const strip = await readStrip(handle, file, { row, count });
        expect(Buffer.from(strip)).toEqual(
          Buffer.from(inRows.slice(row * rowBytes, (row + count) * rowBytes)),
        );
      } finally {
        await handle.close();
      }
    }),
    { numRuns: 200 },
  );
});

/** Where the element with this number in C order lies among those in Fortran order. */
function fortranPlace(number: number, shape: readonly number[]): number {
  let rest = number;
  const index = shape.map(() => 0);
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    index[dim] = rest % shape[dim]!;
    rest = Math.floor(rest / shape[dim]!);
  }
  let place = 0;
  for (let dim = shape.length - 1; dim >= 0; dim--) place = place * shape[dim]! + index[dim]!;
  return place;
}

function turned(element: Uint8Array, partBytes: number): Uint8Array {
  const out = element.slice();
  for (let at = 0; at < out.length; at += partBytes) out.subarray(at, at + partBytes).reverse();
  return out;
}
