import { ZcError } from '@zc/errors';
import { BLOCK_BYTES, hex32 } from './block.js';
import { crc32c as pureCrc32c } from './crc32c.js';
import { readU64, writeU64 } from './u64.js';

/** Entries in a block of a u64 table (specification, section 8). */
export const U64_PER_BLOCK = 511;
/** The same for a u32 table. */
export const U32_PER_BLOCK = 1022;

/** What a table holds: offsets are u64, dimensions and checksums u32. */
export type EntryType = 'u64' | 'u32';

const NUMBER_AT = 4088;
const CRC_AT = 4092;

/** Entries in a block of a table of that type. */
export function entriesPerBlock(type: EntryType): number {
  return type === 'u64' ? U64_PER_BLOCK : U32_PER_BLOCK;
}

/** Length in the file of a table of `entries`. */
export function tableBytes(type: EntryType, entries: number): number {
  return Math.ceil(entries / entriesPerBlock(type)) * BLOCK_BYTES;
}

/** Where a block came from: the shard's name and the block's own offset in it. */
export interface BlockPlace {
  readonly name: string;
  readonly offset: number;
}

/** What decoding a block may be given: a faster checksum, an array to fill. */
export interface BlockOptions<A> {
  readonly crc32c?: ((data: Uint8Array) => number) | undefined;
  /** Filled and returned where given: 511 or 1022 entries. */
  readonly out?: A | undefined;
}

/**
 * The entries of one block of a u64 table, as exact numbers; unused entries come as they lie there, as 0.
 *
 * `number` is the block's place in its table, from 0.
 *
 * @throws ZC_FORMAT_TABLE for another number, ZC_FORMAT_CHECKSUM, ZC_FORMAT_LIMIT above 2^53 - 1.
 */
export function decodeTableBlockU64(
  block: Uint8Array,
  number: number,
  place: BlockPlace,
  options: BlockOptions<Float64Array> = {},
): Float64Array {
  const view = checkedView(block, number, place, options.crc32c);
  const out = options.out ?? new Float64Array(U64_PER_BLOCK);
  for (let i = 0; i < U64_PER_BLOCK; i++) out[i] = readU64(view, i * 8, 'a table entry', place);
  return out;
}

/**
 * The entries of one block of a u32 table.
 *
 * @throws ZC_FORMAT_TABLE for another number, ZC_FORMAT_CHECKSUM.
 */
export function decodeTableBlockU32(
  block: Uint8Array,
  number: number,
  place: BlockPlace,
  options: BlockOptions<Uint32Array> = {},
): Uint32Array {
  const view = checkedView(block, number, place, options.crc32c);
  const out = options.out ?? new Uint32Array(U32_PER_BLOCK);
  for (let i = 0; i < U32_PER_BLOCK; i++) out[i] = view.getUint32(i * 4, true);
  return out;
}

function checkedView(
  block: Uint8Array,
  number: number,
  place: BlockPlace,
  crc32c: (data: Uint8Array) => number = pureCrc32c,
): DataView {
  const { name: path, offset } = place;
  if (block.length !== BLOCK_BYTES) {
    throw new ZcError('ZC_FORMAT_TABLE', `a table block has ${block.length} bytes, expected ${BLOCK_BYTES}`, {
      path,
      offset,
      expected: BLOCK_BYTES,
      actual: block.length,
    });
  }
  const view = new DataView(block.buffer, block.byteOffset, BLOCK_BYTES);
  const expected = view.getUint32(CRC_AT, true);
  const actual = crc32c(block.subarray(0, CRC_AT));
  if (actual !== expected) {
    throw new ZcError(
      'ZC_FORMAT_CHECKSUM',
      `table block ${number} has CRC32C ${hex32(actual)}, expected ${hex32(expected)}`,
      { path, offset, expected, actual },
    );
  }
  const found = view.getUint32(NUMBER_AT, true);
  if (found !== number) {
    throw new ZcError('ZC_FORMAT_TABLE', `a table block says it is number ${found}, expected ${number}`, {
      path,
      offset: offset + NUMBER_AT,
      expected: number,
      actual: found,
    });
  }
  return view;
}

/** Packs entries into blocks as they come; `write` gets each block when it is full and must copy it. */
export class TableEncoder {
  readonly #block = new Uint8Array(BLOCK_BYTES);
  readonly #view = new DataView(this.#block.buffer);
  readonly #entryBytes: number;
  readonly #perBlock: number;
  readonly #write: (block: Uint8Array) => void;
  readonly #crc32c: (data: Uint8Array) => number;
  #used = 0;
  #number = 0;

  constructor(type: EntryType, write: (block: Uint8Array) => void, crc32c: (data: Uint8Array) => number) {
    this.#entryBytes = type === 'u64' ? 8 : 4;
    this.#perBlock = entriesPerBlock(type);
    this.#write = write;
    this.#crc32c = crc32c;
  }

  push(entry: number): void {
    const at = this.#used * this.#entryBytes;
    if (this.#entryBytes === 8) writeU64(this.#view, at, entry);
    else this.#view.setUint32(at, entry, true);
    if (++this.#used === this.#perBlock) this.#flush();
  }

  /** Writes the last block, where it holds anything. */
  finish(): void {
    if (this.#used > 0) this.#flush();
  }

  #flush(): void {
    this.#view.setUint32(NUMBER_AT, this.#number++, true);
    this.#view.setUint32(CRC_AT, this.#crc32c(this.#block.subarray(0, CRC_AT)), true);
    this.#write(this.#block);
    this.#block.fill(0);
    this.#used = 0;
  }
}
