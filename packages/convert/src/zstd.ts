import { isZcError, ZcError } from '@zc/errors';
import type { ZstdCompressor } from '@zc/format';
import { nodeZstd } from '@zc/format/node';
import { zstdCompressor } from '@zc/io';

/**
 * What compresses rows: the zstd of the native core, else Node's own.
 *
 * @throws ZC_FORMAT_CODEC where there is neither
 */
export function zstdOf(): ZstdCompressor {
  const compressor = nativeZstd() ?? nodeZstd();
  if (compressor) return compressor;
  throw new ZcError('ZC_FORMAT_CODEC', 'there is no zstd to compress with', {
    advice: 'Install the native core of `@zc/io`, or use Node 22.15 or newer.',
  });
}

function nativeZstd(): ZstdCompressor | undefined {
  try {
    return zstdCompressor();
  } catch (error) {
    if (isZcError(error, 'ZC_IO_NO_ADDON') || isZcError(error, 'ZC_IO_UNSUPPORTED_PLATFORM'))
      return undefined;
    throw error;
  }
}
