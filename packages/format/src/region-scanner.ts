import { BLOCK_BYTES } from './block.js';
import type { FieldLayout } from './layout.js';
import type { Source } from './source.js';

/** Bytes read at once, a multiple of a block. */
const CHUNK_BYTES = 256 * BLOCK_BYTES;

/** Goes through a region once, from front to back. */
export class RegionScanner {
  readonly #source: Source;
  readonly #layout: FieldLayout;
  readonly #onChunk: (chunk: Uint8Array, position: number) => Promise<void>;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Where the chunk begins. */
  #chunkAt = 0;
  /** Offset in the region of the next byte. */
  position = 0;

  /** `onChunk` sees every chunk when it has been read, with its offset in the region, a multiple of a block. */
  constructor(
    source: Source,
    layout: FieldLayout,
    onChunk: (chunk: Uint8Array, position: number) => Promise<void>,
  ) {
    this.#source = source;
    this.#layout = layout;
    this.#onChunk = onChunk;
  }

  /** The bytes up to `end` in pieces, each valid until the next is asked for; moves the position there. */
  async *upTo(end: number): AsyncGenerator<Uint8Array> {
    while (this.position < end) {
      const chunkEnd = this.#chunkAt + this.#chunk.length;
      if (this.position >= chunkEnd) {
        await this.#load(chunkEnd);
        continue;
      }
      const stop = Math.min(end, chunkEnd);
      const piece = this.#chunk.subarray(this.position - this.#chunkAt, stop - this.#chunkAt);
      this.position = stop;
      yield piece;
    }
  }

  /** The bytes up to `end` where the chunk at hand holds them all; else `undefined`, and nothing moves. */
  pieceUpTo(end: number): Uint8Array | undefined {
    if (end > this.#chunkAt + this.#chunk.length || this.position < this.#chunkAt) return undefined;
    const piece = this.#chunk.subarray(this.position - this.#chunkAt, end - this.#chunkAt);
    this.position = end;
    return piece;
  }

  /** Reads all chunks up to `end` without a look at their bytes. */
  async skipTo(end: number): Promise<void> {
    while (this.#chunkAt + this.#chunk.length < end) await this.#load(this.#chunkAt + this.#chunk.length);
    this.position = Math.max(this.position, end);
  }

  async #load(at: number): Promise<void> {
    const { offset, length } = this.#layout.region;
    this.#chunk = await this.#source.read(offset + at, Math.min(CHUNK_BYTES, length - at));
    this.#chunkAt = at;
    await this.#onChunk(this.#chunk, at);
  }
}
