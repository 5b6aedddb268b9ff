import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { ZcError } from '@zc/errors';
import { demandWithin, type Source } from '../source.js';
import { systemError } from './system-error.js';

/** A source over a file; it holds a descriptor until it is closed. */
export interface FileSource extends Source {
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a file to be read; every read is into fresh memory.
 *
 * @throws ZC_IO_OPEN
 * @example await using source = await fileSource('data/train/shard-000000.zcs');
 */
export async function fileSource(path: string): Promise<FileSource> {
  const { file, sizeBytes } = await openWithSize(path);
  return {
    name: path,
    sizeBytes,
    async read(offset, length) {
      demandWithin({ name: path, sizeBytes }, offset, length);
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await file
          .read(bytes, at, length - at, offset + at)
          .catch((cause) => Promise.reject(systemError('ZC_IO_READ', 'reading', path, cause)));
        if (bytesRead === 0) {
          throw new ZcError(
            'ZC_IO_SHORT_READ',
            `the file ended ${length - at} bytes before what was asked for`,
            {
              path,
              offset: offset + at,
              expected: length,
              actual: at,
            },
          );
        }
        at += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function openWithSize(path: string) {
  let file: FileHandle | undefined;
  try {
    // Not to wait for whoever writes into a pipe: it is refused below.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (stat.isFile()) return { file, sizeBytes: stat.size };
    await file.close();
  } catch (cause) {
    await file?.close().catch(() => {});
    throw systemError('ZC_IO_OPEN', 'opening', path, cause);
  }
  throw new ZcError('ZC_IO_OPEN', 'it is not a file', { path });
}
