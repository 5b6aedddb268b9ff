import { ZcError } from '@zc/errors';
import { defineSchema, elementsOf, field } from '@zc/format';
import type { Entry, ZipFile } from 'yauzl';
import { convertLimits, refuseBeyond } from '../limits.js';
import { fileFilter } from './file-list.js';
import { arrangedElements, bytesOfArray, scalarReader } from './npy-array.js';
import { NPY_HEADER_BYTES_MAX, type NpyHeader, parseNpyHeader } from './npy-header.js';
import { type RowColumn, sideBySide } from './row-columns.js';
import type { OpenedSource, SampleSource, SourceRow } from './sample-source.js';

/** Rows are unpacked in pieces of about this many bytes. */
const STRIP_BYTES = 2 ** 20;

/**
 * A `.npz` file, as `np.savez` and `np.savez_compressed` write it: one sample a row of all its arrays, a field for
 * each of them. `include` and `exclude` choose arrays by their names, such as `x.npy`.
 *
 * Arrays in C order are unpacked as their rows are taken; one in Fortran order is unpacked whole.
 */
export const npz: SampleSource = {
  name: 'npz',

  async detect({ path, head }) {
    if (path === undefined || path === '-' || head.length < 30) return false;
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const name = Buffer.from(head.subarray(30, 30 + view.getUint16(26, true))).toString();
    return view.getUint32(0, true) === 0x04034b50 && name.endsWith('.npy');
  },

  async open(input, options): Promise<OpenedSource> {
    const path = input.path!;
    const isWanted = fileFilter(options);
    const entries = (await entriesOf(path)).filter(({ fileName }) => isWanted(fileName));
    if (entries.length === 0)
      throw new ZcError('ZC_CONVERT_EMPTY', 'the file holds no array to pack', { path });
    const columns: RowColumn[] = [];
    for (const entry of entries) columns.push(await columnOf(path, entry));
    const facts = [`${columns.length} NumPy arrays of ${columns[0]!.source.samples} rows, from .npz`];
    return sideBySide(columns, { facts });
  },
};

async function entriesOf(path: string): Promise<Entry[]> {
  const zip = await openZip(path);
  try {
    refuseBeyond('ARRAYS_MAX', zip.entryCount, 'the number of arrays', { path });
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith('.npy')) continue;
      refuseBomb(path, entry);
      entries.push(entry);
    }
    return entries;
  } catch (cause) {
    throw damaged(path, cause);
  } finally {
    zip.close();
  }
}

function refuseBomb(path: string, { fileName, compressedSize, uncompressedSize: actual }: Entry): void {
  const expected = convertLimits.UNPACK_RATIO_MAX * compressedSize + convertLimits.UNPACK_FREE_BYTES;
  if (actual <= expected) return;
  throw new ZcError(
    'ZC_CONVERT_LIMIT',
    `${fileName} unpacks to more than UNPACK_RATIO_MAX (${convertLimits.UNPACK_RATIO_MAX}) times its length`,
    {
      path,
      expected,
      actual,
      advice: 'If it is what it should be, unpack the .npz first and pack its arrays.',
    },
  );
}

async function columnOf(path: string, entry: Entry): Promise<RowColumn> {
  const title = `${path}:${entry.fileName}`;
  const header = await readHeader(path, entry);
  const [samples, ...shape] = header.shape;
  if (samples === undefined) {
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the array has no dimension, so it has no rows', {
      path: title,
      advice: `Leave it out with --exclude '${entry.fileName}'.`,
    });
  }
  if (header.shape.includes(0)) {
    throw new ZcError('ZC_CONVERT_EMPTY', `the array of shape (${header.shape}) is empty`, { path: title });
  }
  const expected = header.dataOffset + bytesOfArray(header);
  if (expected !== entry.uncompressedSize) {
    throw new ZcError(
      'ZC_CONVERT_SOURCE',
      `the array has ${entry.uncompressedSize} bytes instead of ${expected}`,
      {
        path: title,
        expected,
        actual: entry.uncompressedSize,
      },
    );
  }
  const rowBytes = bytesOfArray({ dtype: header.dtype, shape });
  refuseBeyond(
    'RECORD_BYTES_MAX',
    header.isFortran ? bytesOfArray(header) : rowBytes,
    'what has to be unpacked at once',
    {
      path: title,
    },
  );
  const name = entry.fileName.slice(0, -'.npy'.length);
  const source = {
    schema: defineSchema(Object.fromEntries([[name, field.tensor(header.dtype, shape)]])),
    samples,
    bytes: samples * rowBytes,
    facts: [],
    async *rows(from: number): AsyncGenerator<SourceRow> {
      const toValue = shape.length === 0 ? scalarReader(header.dtype) : undefined;
      let row = 0;
      for await (const strip of stripsOf(path, entry, { header, rowBytes })) {
        for (let at = 0; at < strip.length; at += rowBytes) {
          if (row++ < from) continue;
          const elements = elementsOf(header.dtype, strip.subarray(at, at + rowBytes));
          yield { sample: { [name]: toValue ? toValue(elements) : elements }, bytesRead: rowBytes };
        }
      }
    },
  };
  return { title: entry.fileName, path: title, source };
}

async function readHeader(path: string, entry: Entry): Promise<NpyHeader> {
  const firstBytes = Math.min(NPY_HEADER_BYTES_MAX, entry.uncompressedSize);
  for await (const head of pieces(path, entry, { firstBytes, pieceBytes: 1 })) {
    return parseNpyHeader(head, `${path}:${entry.fileName}`);
  }
  return parseNpyHeader(new Uint8Array(), `${path}:${entry.fileName}`);
}

/** Some whole rows at a time, in C order and little-endian; in Fortran order all of them. */
async function* stripsOf(
  path: string,
  entry: Entry,
  { header, rowBytes }: { header: NpyHeader; rowBytes: number },
): AsyncGenerator<Uint8Array> {
  const rows = header.isFortran ? header.shape[0]! : Math.max(1, Math.floor(STRIP_BYTES / rowBytes));
  const lengths = { firstBytes: header.dataOffset, pieceBytes: rows * rowBytes };
  let isHeader = true;
  for await (const strip of pieces(path, entry, lengths)) {
    const shape = [strip.length / rowBytes, ...header.shape.slice(1)];
    if (!isHeader) yield arrangedElements(strip, { ...header, shape });
    isHeader = false;
  }
}

/** The bytes of an entry in pieces of these lengths, each in fresh memory; the last one may be shorter. */
async function* pieces(
  path: string,
  entry: Entry,
  { firstBytes, pieceBytes }: { firstBytes: number; pieceBytes: number },
): AsyncGenerator<Uint8Array> {
  const zip = await openZip(path);
  try {
    const stream = await zip.openReadStreamPromise(entry);
    let left = entry.uncompressedSize;
    let piece = Buffer.allocUnsafeSlow(Math.min(firstBytes, left));
    let filled = 0;
    // The library ends the stream with an error where there is more or less in it than the entry says.
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; ) {
        const copied = chunk.copy(piece, filled, at);
        at += copied;
        filled += copied;
        if (filled < piece.length) continue;
        left -= filled;
        yield piece;
        piece = Buffer.allocUnsafeSlow(Math.min(pieceBytes, left));
        filled = 0;
      }
    }
  } catch (cause) {
    throw damaged(`${path}:${entry.fileName}`, cause);
  } finally {
    zip.close();
  }
}

async function openZip(path: string): Promise<ZipFile> {
  const { openPromise } = await import('yauzl');
  try {
    return await openPromise(path);
  } catch (cause) {
    throw damaged(path, cause);
  }
}

function damaged(path: string, cause: unknown): ZcError {
  if (cause instanceof ZcError) return cause;
  return new ZcError('ZC_CONVERT_SOURCE', `the file does not unpack: ${(cause as Error).message}`, {
    path,
    cause,
  });
}
