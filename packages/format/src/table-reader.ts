import { BLOCK_BYTES } from './block.js';
import type { Digests } from './digests.js';
import type { Part } from './layout.js';
import type { Source } from './source.js';
import { decodeTableBlockU32, decodeTableBlockU64, type EntryType, entriesPerBlock } from './tables.js';

/** Blocks of one table that are kept. */
const BLOCKS_KEPT = 64;

/** Blocks that are read at once. */
const BLOCKS_PER_READ = 64;

/** Entries of a table, read and checked block by block as they are asked for (specification, section 8). */
export class TableReader {
  readonly #source: Source;
  readonly #part: Part;
  readonly #type: EntryType;
  readonly #crc32c: Digests['crc32c'];
  /** By block number, the one used last at the end. */
  readonly #kept = new Map<number, Float64Array | Uint32Array>();

  constructor(source: Source, part: Part, type: EntryType, crc32c: Digests['crc32c']) {
    this.#source = source;
    this.#part = part;
    this.#type = type;
    this.#crc32c = crc32c;
  }

  /** Offset in the file of the block that holds an entry, for errors. */
  offsetOf(entry: number): number {
    return this.#part.offset + Math.floor(entry / entriesPerBlock(this.#type)) * BLOCK_BYTES;
  }

  /**
   * Entries `start` to `end - 1`.
   *
   * @throws ZC_FORMAT_CHECKSUM, ZC_FORMAT_TABLE, ZC_FORMAT_LIMIT and what the source throws
   */
  async range(start: number, end: number): Promise<Float64Array> {
    const perBlock = entriesPerBlock(this.#type);
    const out = new Float64Array(end - start);
    for (let at = start; at < end; ) {
      const number = Math.floor(at / perBlock);
      const stop = Math.min(end, (number + 1) * perBlock);
      const block = this.#kept.get(number) ?? (await this.#load(number, Math.floor((end - 1) / perBlock)));
      this.#keep(number, block);
      out.set(block.subarray(at - number * perBlock, stop - number * perBlock), at - start);
      at = stop;
    }
    return out;
  }

  /** Reads block `number` and, in the same request, those up to `last` that fit. */
  async #load(number: number, last: number): Promise<Float64Array | Uint32Array> {
    const count = Math.min(last - number + 1, BLOCKS_PER_READ);
    const offset = this.#part.offset + number * BLOCK_BYTES;
    const bytes = await this.#source.read(offset, count * BLOCK_BYTES);
    const decode = this.#type === 'u64' ? decodeTableBlockU64 : decodeTableBlockU32;
    // From the last to the first, so that the first is the one that is surely kept.
    for (let i = count - 1; i >= 0; i--) {
      const block = bytes.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
      const place = { name: this.#source.name, offset: offset + i * BLOCK_BYTES };
      this.#keep(number + i, decode(block, number + i, place, { crc32c: this.#crc32c }));
    }
    return this.#kept.get(number)!;
  }

  #keep(number: number, block: Float64Array | Uint32Array): void {
    this.#kept.delete(number);
    this.#kept.set(number, block);
    if (this.#kept.size > BLOCKS_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }
}
