import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { ZcError } from '@zc/errors';
import { type Dtype, defineSchema, dtypes, elementsOf, field, type TypedArray, toFloat32 } from '@zc/format';
import { isNpy, NPY_HEADER_BYTES_MAX, type NpyHeader, parseNpyHeader } from './npy-header.js';
import type { OpenedSource, SampleSource, SourceRow } from './sample-source.js';

/** Rows are read in chunks of about this many bytes, the next one while one is being packed. */
const CHUNK_BYTES = 4 * 2 ** 20;

/**
 * A `.npy` file, one sample a row of its first dimension.
 *
 * The one field is named after the file: `images.npy` gives `images`. The file is read front to back, a few
 * megabytes at a time.
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
    facts: [`a NumPy array of ${samples} rows`],
    async *rows(from): AsyncGenerator<SourceRow> {
      const toValue = shape.length === 0 ? scalarReader(header.dtype) : undefined;
      for await (const chunk of chunks(path, { header, rowBytes, samples, from })) {
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
    const header = parseNpyHeader(await readUpTo(file, 0, NPY_HEADER_BYTES_MAX), path);
    const { dtype, shape, dataOffset } = header;
    if (shape.length === 0) {
      throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the array has no dimension, so it has no rows', { path });
    }
    if (shape.includes(0))
      throw new ZcError('ZC_CONVERT_EMPTY', `the array of shape (${shape}) is empty`, { path });
    const rowBytes = shape.slice(1).reduce((product, extent) => product * extent, dtypes[dtype].bytes);
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

/** Whole rows, front to back. Each chunk is fresh memory, so rows stay valid however long they are kept. */
async function* chunks(
  path: string,
  array: { header: NpyHeader; rowBytes: number; samples: number; from: number },
): AsyncGenerator<Uint8Array> {
  const { header, rowBytes, samples, from } = array;
  const chunkRows = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
  const file = await open(path);
  const read = async (row: number) => {
    const offset = header.dataOffset + row * rowBytes;
    const length = Math.min(chunkRows, samples - row) * rowBytes;
    const chunk = await readUpTo(file, offset, length);
    if (chunk.length === length) return chunk;
    throw new ZcError('ZC_CONVERT_SOURCE', 'the file was cut short while it was read', {
      path,
      offset,
      expected: length,
      actual: chunk.length,
    });
  };
  let next: Promise<Uint8Array> | undefined = from < samples ? read(from) : undefined;
  try {
    for (let row = from + chunkRows; next !== undefined; row += chunkRows) {
      const chunk: Uint8Array = await next;
      next = row < samples ? read(row) : undefined;
      // The failure belongs to the next turn; until then it is not an unhandled one.
      next?.catch(() => {});
      yield chunk;
    }
  } finally {
    await next?.catch(() => {});
    await file.close();
  }
}

async function readUpTo(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  // Not from the pool: rows are handed out as views, which the pool's next user would share.
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return new Uint8Array(buffer.buffer, buffer.byteOffset, filled);
}

function fieldName(path: string): string {
  return basename(path).replace(/\.npy$/i, '') || 'data';
}

/** One element as the value of a scalar field. */
function scalarReader(dtype: Dtype): (elements: TypedArray) => unknown {
  if (dtype === 'bool') return (elements) => elements[0] !== 0;
  if (dtype === 'float16') return (elements) => toFloat32({ dtype, data: elements })[0];
  // A complex number is a pair.
  if (dtype === 'complex64') return (elements) => elements;
  return (elements) => elements[0];
}
