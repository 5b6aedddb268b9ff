import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ZcError } from '@zc/errors';
import { defineSchema, elementsOf, field } from '@zc/format';
import { refuseBeyond } from '../limits.js';
import { bytesOfArray, scalarReader } from './npy-array.js';
import { isNpy, NPY_HEADER_BYTES_MAX, type NpyHeader, parseNpyHeader } from './npy-header.js';
import { type NpyFile, readInto, readStrip, stripRows } from './npy-strips.js';
import type { OpenedSource, SampleSource, SourceRow } from './sample-source.js';

/**
 * A `.npy` file, one sample a row of its first dimension.
 *
 * The one field is named after the file: `images.npy` gives `images`. The file is read front to back, a few
 * megabytes at a time; one in Fortran order, whose rows lie scattered, in strips of 64 MiB.
 */
export const npy: SampleSource = {
  name: 'npy',

  async detect({ path, head }) {
    return path !== undefined && path !== '-' && isNpy(head);
  },

  async open(input): Promise<OpenedSource> {
    return openNpy(input.path!);
  },
};

/** One `.npy` file as a source of one field. */
export async function openNpy(path: string): Promise<OpenedSource> {
  const { header, rowBytes } = await readHeader(path);
  const [samples = 0, ...shape] = header.shape;
  const name = fieldName(path);
  return {
    schema: defineSchema({ [name]: field.tensor(header.dtype, shape) }),
    samples,
    bytes: samples * rowBytes,
    facts: [`a NumPy array of ${samples} rows${header.isFortran ? ', in Fortran order' : ''}`],
    async *rows(from): AsyncGenerator<SourceRow> {
      const toValue = shape.length === 0 ? scalarReader(header.dtype) : undefined;
      for await (const chunk of strips({ path, header, samples, rowBytes }, from)) {
        for (let at = 0; at < chunk.length; at += rowBytes) {
          const elements = elementsOf(header.dtype, chunk.subarray(at, at + rowBytes));
          yield { sample: { [name]: toValue ? toValue(elements) : elements }, bytesRead: rowBytes };
        }
      }
    },
  };
}

async function readHeader(path: string): Promise<{ header: NpyHeader; rowBytes: number }> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(NPY_HEADER_BYTES_MAX);
    const header = parseNpyHeader(head.subarray(0, await readInto(file, head, 0)), path);
    const { dtype, shape, dataOffset } = header;
    if (shape.length === 0) {
      throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the array has no dimension, so it has no rows', { path });
    }
    if (shape.includes(0))
      throw new ZcError('ZC_CONVERT_EMPTY', `the array of shape (${shape}) is empty`, { path });
    const rowBytes = bytesOfArray({ dtype, shape: shape.slice(1) });
    refuseBeyond('RECORD_BYTES_MAX', rowBytes, 'the length of a row', { path });
    const expected = dataOffset + rowBytes * shape[0]!;
    const { size: actual } = await file.stat();
    if (actual !== expected) {
      const how = actual < expected ? 'was cut short' : 'holds more than one array';
      throw new ZcError('ZC_CONVERT_SOURCE', `the file ${how}: ${actual} bytes instead of ${expected}`, {
        path,
        expected,
        actual,
      });
    }
    return { header, rowBytes };
  } finally {
    await file.close();
  }
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

function fieldName(path: string): string {
  return basename(path).replace(/\.npy$/i, '') || 'data';
}
