import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isZcError, ZcError } from '@zc/errors';
import { type FileSink, fileSink } from '@zc/format/node';
import { BufferPool } from '@zc/io';

const BUFFER_BYTES = 4 * 2 ** 20;
/** What O_DIRECT asks of addresses, offsets and lengths at most; see open(2). */
const ALIGNMENT_BYTES = 4096;

/**
 * Creates a file and writes to it past the page cache, one buffer on its way to the disk while the next is filled.
 *
 * Buffered writing fills the page cache with what nobody reads soon, and the kernel's write-back of it takes a
 * core. Where the filesystem has no direct I/O, or the native core is missing, it is what is left.
 *
 * @throws ZC_IO_EXISTS, ZC_IO_WRITE
 */
export async function directSink(path: string): Promise<FileSink> {
  const plain = await fileSink(path);
  const pool = alignedBuffers();
  if (!pool) return plain;
  try {
    const file = await open(path, constants.O_WRONLY | constants.O_DIRECT);
    return new DirectSink({ plain, file, pool, path });
  } catch {
    pool.close();
    return plain;
  }
}

class DirectSink implements FileSink {
  readonly #plain: FileSink;
  readonly #file: FileHandle;
  readonly #pool: BufferPool;
  readonly #path: string;
  /** The one that is filled, and the one that may be on its way. */
  #buffers: readonly [Uint8Array, Uint8Array];
  #filled = 0;
  #written = 0;
  #onItsWay: Promise<void> = Promise.resolve();
  #isOpen = true;

  constructor(parts: { plain: FileSink; file: FileHandle; pool: BufferPool; path: string }) {
    this.#plain = parts.plain;
    this.#file = parts.file;
    this.#pool = parts.pool;
    this.#path = parts.path;
    const buffer = () => new Uint8Array(parts.pool.acquire()!.buffer);
    this.#buffers = [buffer(), buffer()];
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const [buffer] = this.#buffers;
      const part = chunk.subarray(at, at + buffer.length - this.#filled);
      buffer.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === buffer.length) await this.#send();
    }
  }

  spill() {
    return this.#plain.spill!();
  }

  async finish(): Promise<void> {
    const bytes = this.#written + this.#filled;
    // The last write has to be a whole number of blocks; what it has too much is cut off again.
    const padded = Math.ceil(this.#filled / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    this.#buffers[0].fill(0, this.#filled, padded);
    this.#filled = padded;
    await this.#send();
    await this.#onItsWay;
    await this.#file.truncate(bytes).catch((cause) => this.#fail(cause));
    await this.#plain.finish();
    await this.close();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // The buffers are the pool's until the system has done with them.
    await this.#onItsWay.catch(() => {});
    await this.#file.close();
    this.#pool.close();
    await this.#plain.close();
  }

  /** Puts the filled buffer on its way, as soon as the one before it has arrived. */
  async #send(): Promise<void> {
    await this.#onItsWay;
    const [full, free] = this.#buffers;
    this.#onItsWay = this.#writeAt(full.subarray(0, this.#filled), this.#written);
    // The failure belongs to whoever writes next; until then it is not an unhandled one.
    this.#onItsWay.catch(() => {});
    this.#written += this.#filled;
    this.#filled = 0;
    this.#buffers = [free, full];
  }

  async #writeAt(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      try {
        const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, position + at);
        at += bytesWritten;
      } catch (cause) {
        this.#fail(cause);
      }
    }
  }

  #fail(cause: unknown): never {
    throw new ZcError('ZC_IO_WRITE', `writing failed: ${(cause as Error).message}`, {
      path: this.#path,
      cause,
    });
  }
}

function alignedBuffers(): BufferPool | undefined {
  try {
    return new BufferPool({ slotBytes: BUFFER_BYTES, slots: 2 });
  } catch (error) {
    // Anything that keeps the native core from giving memory leaves buffered writing.
    if (isZcError(error)) return undefined;
    throw error;
  }
}
