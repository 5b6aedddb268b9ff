import { ZcError } from '@zc/errors';
import { type BackendChoice, chooseBackend } from './backend-choice.js';
import { type NativeFileWriter, nativeAddon } from './native-addon.js';

export interface FileWriterOptions {
  /** As that of `ReadEngine`. */
  backend?: BackendChoice;
  /** Blocks of 1 MiB that memory is held for: one is filled while the others are on their way to the disk (8). */
  blocks?: number;
  /** Past the page cache (O_DIRECT), where the filesystem can do that; true. */
  direct?: boolean;
  /** Whether a file that lies at the path is replaced; false. */
  overwrite?: boolean;
  /** Whether the file's CRC32C is computed as it goes, in the pass that copies the bytes; true. */
  checksum?: boolean;
}

/** A file that is on the disk, under its name. */
export interface WrittenFile {
  readonly bytes: number;
  /** Of these, those that went past the page cache. */
  readonly bytesDirect: number;
  /** Of the whole file; 0 with `checksum: false`. */
  readonly crc32c: number;
}

const ABORT_TIMEOUT_MS = 5000;

/**
 * Writes a new file from front to back, past the page cache, with several writes in flight.
 *
 * Nothing lies under the path before `finish` has put every byte on the disk: not after an error, an `abort`, or the
 * process's end, whatever ends it. A writer belongs to the thread that made it. Finish or abort it: that ends its
 * threads and frees its blocks.
 *
 * @example
 * await using writer = new FileWriter('data.bin');
 * for (const chunk of chunks) await writer.append(chunk);
 * const { bytes, crc32c } = await writer.finish();
 */
export class FileWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #native: NativeFileWriter;
  readonly #room: { wake: (() => void) | undefined };
  #length = 0;
  #appending = false;
  /** The end, from `finish` or `abort`, as soon as it has begun. */
  #ending: Promise<unknown> | undefined;

  /**
   * @throws ZC_ARGUMENT; ZC_IO_EXISTS where the path has a file and `overwrite` is not set; ZC_IO_WRITE;
   *   ZC_IO_MEMORY; the reason of `capabilities().ioUring` where `io_uring` is asked for and refused
   */
  constructor(
    path: string,
    { backend, blocks = 8, direct = true, overwrite = false, checksum = true }: FileWriterOptions = {},
  ) {
    if (!Number.isInteger(blocks) || blocks < 2 || blocks > 1024) {
      throw new ZcError('ZC_ARGUMENT', `blocks is ${blocks}, expected a whole number from 2 to 1024`);
    }
    const options = { backend: chooseBackend(backend), blocks, direct, overwrite, checksum };
    // The native writer holds this function, so it must not hold the writer.
    const room: { wake: (() => void) | undefined } = { wake: undefined };
    this.#native = new (nativeAddon().FileWriter)(path, options, () => room.wake?.());
    this.#room = room;
    this.#path = path;
  }

  /** What writes: decided when the writer was made. */
  get backend(): 'io_uring' | 'threads' {
    return this.#native.backend;
  }

  /** Bytes appended so far. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends bytes; they are the caller's again once the promise settles, and only then comes the next call.
   *
   * The promise is fulfilled when the bytes were taken over, which waits where all blocks are on their way. An error
   * of the system is that of whichever bytes it met; every later call gives it again.
   *
   * @throws ZC_IO_WRITE with the `errno` in `details`; ZC_IO_CLOSED; ZC_ARGUMENT for a call before the last one's end
   */
  async append(chunk: Uint8Array): Promise<void> {
    this.#demandIdle();
    if (!(chunk instanceof Uint8Array)) throw new ZcError('ZC_ARGUMENT', 'what is appended is a Uint8Array');
    this.#appending = true;
    try {
      for (let at = 0; ; ) {
        const taken = this.#native.append(chunk, at);
        at += taken;
        this.#length += taken;
        if (at === chunk.length) return;
        await new Promise<void>((wake) => {
          this.#room.wake = wake;
        });
      }
    } finally {
      this.#appending = false;
    }
  }

  /**
   * Puts everything on the disk, and gives the file its name.
   *
   * @throws ZC_IO_WRITE, ZC_IO_EXISTS where somebody has taken the name meanwhile: nothing is left of the file then,
   *   but where it replaced another and only its directory could not be put on the disk; ZC_IO_CLOSED
   */
  finish(): Promise<WrittenFile> {
    try {
      this.#demandIdle();
    } catch (error) {
      return Promise.reject(error);
    }
    const finishing = this.#finish();
    this.#ending = finishing;
    return finishing;
  }

  /**
   * Gives the file up: nothing of it remains. Does nothing after `finish`, whose end it waits for.
   *
   * Where the system does not give the blocks back within five seconds, they are leaked rather than unmapped under a
   * write, and a warning says so.
   */
  async abort(): Promise<void> {
    this.#ending ??= this.#abort();
    // The error of a `finish` is the one's who called it.
    await this.#ending.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  async #finish(): Promise<WrittenFile> {
    try {
      return await this.#native.finish();
    } finally {
      await this.#abort();
    }
  }

  async #abort(): Promise<void> {
    const clean = await this.#native.abort(ABORT_TIMEOUT_MS);
    if (clean) return;
    process.emitWarning(
      `a write did not end within ${ABORT_TIMEOUT_MS} ms of its cancelling: its ring and blocks are leaked`,
      { type: 'ZcWarning', code: 'ZC_IO_LEAK' },
    );
  }

  #demandIdle(): void {
    if (this.#ending !== undefined) {
      throw new ZcError('ZC_IO_CLOSED', 'the file writer is closed', { path: this.#path });
    }
    if (!this.#appending) return;
    throw new ZcError('ZC_ARGUMENT', 'the writer was called before its last promise had settled', {
      path: this.#path,
      advice: 'Wait for each `append` before the next call.',
    });
  }
}
