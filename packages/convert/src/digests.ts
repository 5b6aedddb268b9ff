import { createHash } from 'node:crypto';
import { isZcError } from '@zc/errors';
import { type Digests, crc32c as pureCrc32c } from '@zc/format';
import { crc32c as nativeCrc32c } from '@zc/io';

/**
 * The fastest checksums that are to be had: CRC32C by the CPU's instruction where the native core is there, else in
 * plain JavaScript; SHA-256 by OpenSSL.
 */
export function fastDigests(): Digests {
  return {
    crc32c: nativeWorks() ? nativeCrc32c : pureCrc32c,
    sha256: () => createHash('sha256'),
  };
}

function nativeWorks(): boolean {
  try {
    nativeCrc32c(new Uint8Array(0));
    return true;
  } catch (error) {
    if (isZcError(error, 'ZC_IO_NO_ADDON') || isZcError(error, 'ZC_IO_UNSUPPORTED_PLATFORM')) return false;
    throw error;
  }
}
