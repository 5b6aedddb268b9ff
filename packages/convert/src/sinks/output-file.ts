import type { FileSink } from '@zc/format/node';
import { directSink } from '../direct-sink.js';

/** Small pieces are joined to chunks of this size; larger ones are passed on as they are. */
const CHUNK_BYTES = 2 ** 20;

/** A new file that takes pieces of any size, written past the page cache where that is to be had. */
export class OutputFile {
  readonly #sink: FileSink;
  readonly #chunk = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #bytes = 0;

  /** @throws ZC_IO_EXISTS, ZC_IO_WRITE, ZC_IO_MEMORY */
  static async create(path: string): Promise<OutputFile> {
    return new OutputFile(await directSink(path));
  }

  private constructor(sink: FileSink) {
    this.#sink = sink;
  }

  /** Bytes taken so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a piece, which is the caller's again once the promise settles. */
  async write(piece: Uint8Array): Promise<void> {
    this.#bytes += piece.length;
    if (this.#filled + piece.length > CHUNK_BYTES) await this.#flush();
    if (piece.length > CHUNK_BYTES) return this.#sink.write(piece);
    this.#chunk.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  /** Puts the bytes on the disk; only now does the file have its name. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#sink.finish();
  }

  /** Gives the file up. Does nothing after `finish`. */
  async close(): Promise<void> {
    await this.#sink.close();
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#sink.write(this.#chunk.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
