import { open } from 'node:fs/promises';
import { defineSchema, elementsOf, field } from '@zc/format';
import { scalarReader } from './npy-array.js';
import { type NpyFile, readStrip, stripRows } from './npy-strips.js';
import type { RowColumn } from './row-columns.js';
import type { SourceRow } from './sample-source.js';

/** An array that lies in a file as it is, as a source of one field: one sample a row of its first dimension. */
export function arraySource(array: NpyFile, name: string): RowColumn['source'] {
  const { header, samples, rowBytes } = array;
  const shape = header.shape.slice(1);
  return {
    schema: defineSchema(Object.fromEntries([[name, field.tensor(header.dtype, shape)]])),
    samples,
    bytes: samples * rowBytes,
    facts: [`a NumPy array of ${samples} rows${header.isFortran ? ', in Fortran order' : ''}`],
    async *rows(from): AsyncGenerator<SourceRow> {
      const toValue = shape.length === 0 ? scalarReader(header.dtype) : undefined;
      for await (const strip of strips(array, from)) {
        for (let at = 0; at < strip.length; at += rowBytes) {
          const elements = elementsOf(header.dtype, strip.subarray(at, at + rowBytes));
          const value = toValue ? toValue(elements) : elements;
          yield { sample: { [name]: value }, bytesRead: rowBytes };
        }
      }
    },
  };
}

/** Whole rows, front to back, the next ones being read while some are packed. */
async function* strips(array: NpyFile, from: number): AsyncGenerator<Uint8Array> {
  const { path, samples } = array;
  const rows = stripRows(array);
  const file = await open(path);
  const read = (row: number) => readStrip(file, array, { row, count: Math.min(rows, samples - row) });
  let next: Promise<Uint8Array> | undefined = from < samples ? read(from) : undefined;
  try {
    for (let row = from + rows; next !== undefined; row += rows) {
      const strip: Uint8Array = await next;
      next = row < samples ? read(row) : undefined;
      // The failure belongs to the next turn; until then it is not an unhandled one.
      next?.catch(() => {});
      yield strip;
    }
  } finally {
    await next?.catch(() => {});
    await file.close();
  }
}
