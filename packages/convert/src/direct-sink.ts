import { isZcError } from '@zc/errors';
import { type FileSink, fileSink, spillFile } from '@zc/format/node';
import { FileWriter } from '@zc/io';

/**
 * Creates a file and writes to it past the page cache, with several writes in flight; it has its name once finished.
 *
 * Buffered writing fills the page cache with what nobody reads soon, and the kernel's write-back of it takes a
 * core. Where the native core is missing, it is what is left.
 *
 * @throws ZC_IO_EXISTS, ZC_IO_WRITE, ZC_IO_MEMORY
 */
export async function directSink(path: string): Promise<FileSink> {
  const writer = openWriter(path);
  if (writer === undefined) return fileSink(path);
  return {
    write: (chunk) => writer.append(chunk),
    spill: () => spillFile(path),
    finish: async () => void (await writer.finish()),
    close: () => writer.abort(),
  };
}

function openWriter(path: string): FileWriter | undefined {
  try {
    // Shards hold checksums of their parts, and their SHA-256 is computed beside.
    return new FileWriter(path, { checksum: false });
  } catch (error) {
    if (isZcError(error, 'ZC_IO_NO_ADDON') || isZcError(error, 'ZC_IO_UNSUPPORTED_PLATFORM'))
      return undefined;
    throw error;
  }
}
