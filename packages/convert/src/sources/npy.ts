import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ZcError } from '@zc/errors';
import { refuseBeyond } from '../limits.js';
import { arraySource } from './array-source.js';
import { bytesOfArray } from './npy-array.js';
import { isNpy, NPY_HEADER_BYTES_MAX, type NpyHeader, parseNpyHeader } from './npy-header.js';
import { readInto } from './npy-strips.js';
import type { RowColumn } from './row-columns.js';
import type { OpenedSource, SampleSource } from './sample-source.js';

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
export async function openNpy(path: string): Promise<RowColumn['source']> {
  const { header, rowBytes } = await readHeader(path);
  return arraySource({ path, header, samples: header.shape[0]!, rowBytes }, fieldName(path));
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

function fieldName(path: string): string {
  return basename(path).replace(/\.npy$/i, '') || 'data';
}
