import { BLOCK_BYTES, roundUp } from './block.js';
import type { Hasher } from './digests.js';
import type { Sink } from './sink.js';

/** Bytes that go to the sink at once. */
const CHUNK_BYTES = 2 ** 20;

/**
 * The file as it grows: gathers what is written into chunks, so that one is on its way while the next fills.
 *
 * All but the last chunk have 1 MiB, which suits sinks that write direct to the device.
 */
export class Output {
  readonly #sink: Sink;
  readonly #hasher: Hasher | undefined;
  #filling = new Uint8Array(CHUNK_BYTES);
  #leaving = new Uint8Array(CHUNK_BYTES);
  #used = 0;
  #write: Promise<void> = Promise.resolve();
  /** Bytes written so far, those that wait in the chunk included. */
  position = 0;

  /** `hasher` is given every byte, in order. */
  constructor(sink: Sink, hasher: Hasher | undefined) {
    this.#sink = sink;
    this.#hasher = hasher;
  }

  /** Copies `bytes`; gives a promise only where the sink has to be waited for. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length >= CHUNK_BYTES - this.#used) return this.#writeThrough(bytes);
    this.#filling.set(bytes, this.#used);
    this.#used += bytes.length;
    this.position += bytes.length;
    return undefined;
  }

  /** Writes zeros up to the next multiple of a block. */
  async padToBlock(): Promise<void> {
    await this.write(new Uint8Array(roundUp(this.position, BLOCK_BYTES) - this.position));
  }

  /** Waits until the sink has everything. */
  async flush(): Promise<void> {
    if (this.#used > 0) await this.#send();
    await this.#write;
  }

  async #writeThrough(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, CHUNK_BYTES - this.#used);
      this.#filling.set(bytes.subarray(at, at + count), this.#used);
      this.#used += count;
      at += count;
      if (this.#used === CHUNK_BYTES) await this.#send();
    }
    this.position += bytes.length;
  }

  async #send(): Promise<void> {
    const chunk = this.#filling.subarray(0, this.#used);
    await this.#write;
    this.#write = this.#sink.write(chunk);
    // Whoever waits next gets the error; until then it must not count as unhandled.
    this.#write.catch(() => {});
    this.#hasher?.update(chunk);
    [this.#filling, this.#leaving] = [this.#leaving, this.#filling];
    this.#used = 0;
  }
}
