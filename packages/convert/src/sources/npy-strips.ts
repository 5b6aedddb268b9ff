import type { FileHandle } from 'node:fs/promises';
import { ZcError } from '@zc/errors';
import { dtypes } from '@zc/format';
import { arrangedElements, bytesOfArray } from './npy-array.js';
import type { NpyHeader } from './npy-header.js';

/** Rows in C order are read in chunks of about this many bytes. */
const CHUNK_BYTES = 4 * 2 ** 20;

/**
 * Rows in Fortran order lie scattered over the whole file, a few elements of them at each place: the more are read at
 * once, the longer the pieces are.
 */
const STRIP_BYTES = 64 * 2 ** 20;

/** Pieces of a strip that are asked for at the same time. */
const READS_AT_ONCE = 64;

/** A `.npy` file that is open, and what its head says. */
export interface NpyFile {
  readonly path: string;
  readonly header: NpyHeader;
  readonly samples: number;
  readonly rowBytes: number;
}

/** How many rows are read at once. */
export function stripRows({ header, rowBytes }: NpyFile): number {
  return Math.max(1, Math.floor((header.isFortran ? STRIP_BYTES : CHUNK_BYTES) / rowBytes));
}

/**
 * Some whole rows in C order and little-endian, in fresh memory.
 *
 * @throws ZC_CONVERT_SOURCE where the file was cut short, ZC_IO_READ
 */
export async function readStrip(
  file: FileHandle,
  array: NpyFile,
  { row, count }: { row: number; count: number },
): Promise<Uint8Array> {
  const { header, rowBytes } = array;
  // Not from the pool: rows are handed out as views, which the pool's next user would share.
  const strip = Buffer.allocUnsafeSlow(count * rowBytes);
  const shape = [count, ...header.shape.slice(1)];
  const pieces = header.isFortran
    ? scatteredPieces(array, { row, count })
    : [{ offset: header.dataOffset + row * rowBytes, at: 0, length: strip.length }];
  let pending: Promise<void>[] = [];
  for (const piece of pieces) {
    pending.push(
      readExactly(file, array.path, strip.subarray(piece.at, piece.at + piece.length), piece.offset),
    );
    if (pending.length < READS_AT_ONCE) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
  return arrangedElements(strip, { ...header, shape });
}

/** Where the rows' elements lie: for each element of a row, those of all its rows follow each other. */
function* scatteredPieces(
  { header, samples }: NpyFile,
  { row, count }: { row: number; count: number },
): Generator<{ offset: number; at: number; length: number }> {
  const { bytes } = dtypes[header.dtype];
  const columns = bytesOfArray(header) / bytes / samples;
  if (count === samples) {
    yield { offset: header.dataOffset, at: 0, length: columns * samples * bytes };
    return;
  }
  const length = count * bytes;
  for (let column = 0; column < columns; column++) {
    yield { offset: header.dataOffset + (column * samples + row) * bytes, at: column * length, length };
  }
}

async function readExactly(file: FileHandle, path: string, into: Buffer, offset: number): Promise<void> {
  const actual = await readInto(file, into, offset);
  if (actual === into.length) return;
  throw new ZcError('ZC_CONVERT_SOURCE', 'the file was cut short while it was read', {
    path,
    offset,
    expected: into.length,
    actual,
  });
}

/** Fills a buffer from a file; how many bytes there were, fewer than it holds only at the file's end. */
export async function readInto(file: FileHandle, into: Buffer, offset: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
