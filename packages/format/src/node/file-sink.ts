import { type FileHandle, open, unlink } from 'node:fs/promises';
import { ZcError } from '@zc/errors';
import type { Sink, SpillArea } from '../sink.js';
import { systemError } from './system-error.js';

/** A sink over a file that did not exist before. */
export interface FileSink extends Sink {
  /** Puts the bytes on the disk and closes the file. */
  finish(): Promise<void>;
  /** Gives the file up: closed as it is, or gone. Does nothing after `finish`. */
  close(): Promise<void>;
}

/**
 * Creates a file and writes to it; what waits is spilled to an unnamed file beside it.
 *
 * @throws ZC_IO_EXISTS, ZC_IO_WRITE
 */
export async function fileSink(path: string): Promise<FileSink> {
  const file = await create(path);
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await file.close();
  };
  return {
    write: (chunk) => writeAll(file, chunk, path),
    spill: () => spillFile(path),
    async finish() {
      try {
        await file.sync();
        await close();
      } catch (cause) {
        throw systemError('ZC_IO_WRITE', 'putting the bytes on the disk', path, cause);
      }
    },
    close,
  };
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw systemError(exists ? 'ZC_IO_EXISTS' : 'ZC_IO_WRITE', 'creating the file', path, cause);
  }
}

/**
 * A temporary file beside the one at `sinkPath`, for sinks that write in a way of their own. It loses its name at
 * once, so that nothing of it outlives the process.
 *
 * @throws ZC_IO_WRITE
 */
export async function spillFile(sinkPath: string): Promise<SpillArea> {
  const path = `${sinkPath}.spill`;
  let file: FileHandle;
  try {
    file = await open(path, 'wx+');
    await unlink(path);
  } catch (cause) {
    throw systemError('ZC_IO_WRITE', 'creating a temporary file', path, cause);
  }
  return {
    append: (chunk) => writeAll(file, chunk, path),
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file
        .read(bytes, 0, length, offset)
        .catch((cause) => Promise.reject(systemError('ZC_IO_READ', 'reading a temporary file', path, cause)));
      if (bytesRead === length) return bytes;
      throw new ZcError('ZC_IO_SHORT_READ', 'a temporary file lost bytes', {
        path,
        offset,
        expected: length,
        actual: bytesRead,
      });
    },
    close: () => file.close(),
  };
}

/** Appends; a short write is followed by the rest, so that the system says what stopped it. */
async function writeAll(file: FileHandle, chunk: Uint8Array, path: string): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, at, chunk.length - at, null);
      at += bytesWritten;
    }
  } catch (cause) {
    throw systemError('ZC_IO_WRITE', 'writing', path, cause);
  }
}
