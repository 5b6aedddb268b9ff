import { sha256 } from '@noble/hashes/sha2.js';
import { crc32c } from './crc32c.js';

/** A running SHA-256. */
export interface Hasher {
  update(chunk: Uint8Array): unknown;
  /** The 32 bytes. The hasher is spent afterwards. */
  digest(): Uint8Array;
}

/**
 * The two checksums that reading and writing need; inject faster ones where they are at hand.
 *
 * @example const digests: Digests = { crc32c: native.crc32c, sha256: () => createHash('sha256') };
 */
export interface Digests {
  /** CRC32C of `data`; `seed` is the CRC of the bytes before it, 0 where there are none. */
  crc32c(data: Uint8Array, seed?: number): number;
  sha256(): Hasher;
}

/** Digests in plain JavaScript, for every environment. */
export const pureDigests: Digests = { crc32c, sha256: () => sha256.create() };
