import { type FileHandle, open } from 'node:fs/promises';
import { ZcError } from '@zc/errors';

/** A file of which pieces are read. */
export class FileBytes {
  readonly path: string;
  readonly length: number;
  readonly #file: FileHandle;

  /** @throws ZC_IO_OPEN */
  static async open(path: string): Promise<FileBytes> {
    try {
      const file = await open(path);
      return new FileBytes(path, file, (await file.stat()).size);
    } catch (cause) {
      throw new ZcError('ZC_IO_OPEN', `the file cannot be opened: ${(cause as Error).message}`, {
        path,
        cause,
      });
    }
  }

  private constructor(path: string, file: FileHandle, length: number) {
    this.path = path;
    this.#file = file;
    this.length = length;
  }

  /**
   * Bytes in fresh memory.
   *
   * @throws ZC_CONVERT_SOURCE where the file has not so many, ZC_IO_READ
   */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { path } = this;
    if (!(offset >= 0 && length >= 0 && offset + length <= this.length)) {
      throw this.damaged(
        `${length} bytes are claimed where the file has ${Math.max(0, this.length - offset)}`,
        offset,
      );
    }
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const { bytesRead } = await this.#file
        .read(bytes, filled, length - filled, offset + filled)
        .catch((cause) =>
          Promise.reject(new ZcError('ZC_IO_READ', (cause as Error).message, { path, offset, cause })),
        );
      if (bytesRead === 0) throw this.damaged('the file was cut short while it was read', offset + filled);
      filled += bytesRead;
    }
    return bytes;
  }

  damaged(what: string, offset: number, cause?: unknown): ZcError {
    return new ZcError('ZC_CONVERT_SOURCE', what, { path: this.path, offset, cause });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
