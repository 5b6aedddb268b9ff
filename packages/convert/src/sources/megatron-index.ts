import type { FileHandle } from 'node:fs/promises';
import { ZcError } from '@zc/errors';
import { type Dtype, dtypes } from '@zc/format';
import { refuseBeyond } from '../limits.js';
import { readInto } from './npy-strips.js';

/** What a Megatron `.idx` file begins with; the version, the element type and two counts follow. */
const MAGIC = Buffer.from('MMIDIDX\0\0', 'latin1');
const HEADER_BYTES = 34;

/** Of a table, so many entries are in memory. */
const ENTRIES_AT_ONCE = 64 * 2 ** 10;

/** Whether bytes begin as a `.idx` file does. */
export function isMegatronIndex(head: Uint8Array): boolean {
  return head.length >= HEADER_BYTES && MAGIC.equals(head.subarray(0, MAGIC.length));
}

/** The tables of a `.idx` file: which sequences a document has, and where each lies in the `.bin` file. */
export interface MegatronIndex {
  readonly path: string;
  readonly dtype: Dtype;
  readonly documents: number;
  readonly sequences: number;
}

/** Tokens of one document that follow each other in the `.bin` file. */
export interface TokenRun {
  readonly offset: number;
  readonly bytes: number;
}

/**
 * The codes of element types. Before Megatron-Core, 6 and 7 were the other way round: the length of the `.bin` file
 * tells which is meant.
 */
const DTYPES: Readonly<Record<number, Dtype>> = {
  1: 'uint8',
  2: 'int8',
  3: 'int16',
  4: 'int32',
  5: 'int64',
  6: 'float64',
  7: 'float32',
  8: 'uint16',
};

/**
 * Reads the head of a `.idx` file, and checks that its tables are as long as it says.
 *
 * @param binBytes of the `.bin` file beside it
 * @throws ZC_CONVERT_SOURCE, ZC_CONVERT_UNSUPPORTED
 */
export async function readMegatronIndex(
  file: FileHandle,
  { path, binBytes }: { path: string; binBytes: number },
): Promise<MegatronIndex> {
  const head = Buffer.alloc(HEADER_BYTES);
  const found = await readInto(file, head, 0);
  if (found < HEADER_BYTES || !isMegatronIndex(head)) throw damaged(path, 0, 'it does not begin as one does');
  const version = head.readBigUInt64LE(9);
  if (version !== 1n) {
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `version ${version} of the index is not known`, {
      path,
      offset: 9,
    });
  }
  const dtype = DTYPES[head[17]!];
  if (dtype === undefined) throw damaged(path, 17, `there is no element type ${head[17]}`);
  const [sequences, offsets] = [Number(head.readBigUInt64LE(18)), Number(head.readBigUInt64LE(26))];
  const { size } = await file.stat();
  const tables = HEADER_BYTES + sequences * 12 + offsets * 8;
  // Multimodal datasets have a byte more for each sequence.
  if (size !== tables && size !== tables + sequences) {
    throw damaged(
      path,
      18,
      `${sequences} sequences and ${offsets} offsets take ${tables} bytes, not ${size}`,
    );
  }
  if (offsets < 1) throw damaged(path, 26, 'it has no offsets of documents');
  const index: MegatronIndex = { path, dtype, documents: offsets - 1, sequences };
  return { ...index, dtype: await settleDtype(file, index, binBytes) };
}

/** By the end of the last sequence, where the type is one of the two that changed places. */
async function settleDtype(file: FileHandle, index: MegatronIndex, binBytes: number): Promise<Dtype> {
  const { dtype, sequences } = index;
  if ((dtype !== 'float32' && dtype !== 'float64') || sequences === 0) return dtype;
  const { sizes, pointers } = tablesOf(file, index);
  const [size, pointer] = [await sizes.load(sequences - 1), await pointers.load(sequences - 1)];
  return binBytes - pointer === size * dtypes.float32.bytes ? 'float32' : 'float64';
}

/**
 * Where the tokens of each document lie, from one document on, in the order of the index.
 *
 * @throws ZC_CONVERT_SOURCE for tables that contradict themselves or lead out of the `.bin` file; ZC_CONVERT_LIMIT
 */
export async function* documentsOf(
  file: FileHandle,
  index: MegatronIndex,
  { from, binBytes }: { from: number; binBytes: number },
): AsyncGenerator<readonly TokenRun[]> {
  const { path, documents, sequences } = index;
  const { borders } = tablesOf(file, index);
  const runs = new RunReader(file, index, binBytes);
  for (let document = from; document < documents; document++) {
    const first = borders.at(document) ?? (await borders.load(document));
    const end = borders.at(document + 1) ?? (await borders.load(document + 1));
    if (first < 0 || end < first || end > sequences) {
      throw damaged(
        path,
        borders.offsetOf(document),
        `document ${document} has the sequences ${first} to ${end}`,
      );
    }
    yield await runs.read({ document, first, end });
  }
}

class RunReader {
  readonly #index: MegatronIndex;
  readonly #binBytes: number;
  readonly #sizes: Table;
  readonly #pointers: Table;

  constructor(file: FileHandle, index: MegatronIndex, binBytes: number) {
    const { sizes, pointers } = tablesOf(file, index);
    this.#index = index;
    this.#binBytes = binBytes;
    this.#sizes = sizes;
    this.#pointers = pointers;
  }

  /** Sequences that lie behind each other are one run. */
  async read(range: { document: number; first: number; end: number }): Promise<readonly TokenRun[]> {
    const { path, dtype } = this.#index;
    const runs: { offset: number; bytes: number }[] = [];
    let documentBytes = 0;
    for (let i = range.first; i < range.end; i++) {
      const size = this.#sizes.at(i) ?? (await this.#sizes.load(i));
      const offset = this.#pointers.at(i) ?? (await this.#pointers.load(i));
      const bytes = size * dtypes[dtype].bytes;
      if (size < 0 || offset < 0 || offset + bytes > this.#binBytes) {
        const what = `sequence ${i} of ${size} tokens at ${offset} leads out of the ${this.#binBytes} bytes of tokens`;
        throw damaged(path, this.#sizes.offsetOf(i), what);
      }
      documentBytes += bytes;
      refuseBeyond('RECORD_BYTES_MAX', documentBytes, `the length of document ${range.document}`, { path });
      const last = runs.at(-1);
      if (last && last.offset + last.bytes === offset) last.bytes += bytes;
      else if (bytes > 0) runs.push({ offset, bytes });
    }
    return runs;
  }
}

function tablesOf(file: FileHandle, { path, sequences, documents }: MegatronIndex) {
  const sizes = new Table(file, { path, offset: HEADER_BYTES, count: sequences, entryBytes: 4 });
  const pointersAt = HEADER_BYTES + 4 * sequences;
  const pointers = new Table(file, { path, offset: pointersAt, count: sequences, entryBytes: 8 });
  const bordersAt = HEADER_BYTES + 12 * sequences;
  const borders = new Table(file, { path, offset: bordersAt, count: documents + 1, entryBytes: 8 });
  return { sizes, pointers, borders };
}

interface TablePlace {
  readonly path: string;
  readonly offset: number;
  /** Entries. */
  readonly count: number;
  /** Signed integers of 4 or 8 bytes. */
  readonly entryBytes: 4 | 8;
}

/** A table of the index, of which one piece at a time is in memory. */
class Table {
  readonly #file: FileHandle;
  readonly #place: TablePlace;
  #first = 0;
  #window: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle, place: TablePlace) {
    this.#file = file;
    this.#place = place;
  }

  /** An entry; undefined where it is not in memory. */
  at(i: number): number | undefined {
    const { entryBytes } = this.#place;
    const at = (i - this.#first) * entryBytes;
    if (at < 0 || at >= this.#window.length) return undefined;
    // Beyond 2^53 no file reaches: what is inexact there is refused by its size.
    return entryBytes === 4 ? this.#window.readInt32LE(at) : Number(this.#window.readBigInt64LE(at));
  }

  /** An entry, after the piece that begins with it was read. @throws ZC_CONVERT_SOURCE */
  async load(i: number): Promise<number> {
    const { path, count, entryBytes } = this.#place;
    const window = Buffer.alloc(Math.min(ENTRIES_AT_ONCE, count - i) * entryBytes);
    if ((await readInto(this.#file, window, this.offsetOf(i))) < window.length) {
      throw damaged(path, this.offsetOf(i), 'it was cut short while it was read');
    }
    this.#first = i;
    this.#window = window;
    return this.at(i)!;
  }

  offsetOf(i: number): number {
    return this.#place.offset + i * this.#place.entryBytes;
  }
}

function damaged(path: string, offset: number, what: string): ZcError {
  return new ZcError('ZC_CONVERT_SOURCE', `the index is damaged: ${what}`, { path, offset });
}
