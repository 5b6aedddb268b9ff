import { nativeAddon } from './native-addon.js';

/**
 * CRC32C (Castagnoli, RFC 3720 appendix B.4) of some bytes, with the instructions of the CPU.
 *
 * @param data the bytes; only read
 * @param seed the CRC32C of what came before them, so that a long stream can be summed in parts
 * @returns an unsigned 32-bit number
 *
 * @example
 * crc32c(tail, crc32c(head)) === crc32c(whole)
 */
export function crc32c(data: Uint8Array, seed = 0): number {
  return nativeAddon().crc32c(data, seed);
}

/**
 * The wrapping sum of some bytes as little-endian 64-bit words, the last one padded with zeros.
 *
 * It touches every byte at the speed of memory: a stand-in for a consumer in measurements.
 */
export function sum64(data: Uint8Array): bigint {
  return nativeAddon().sum64(data);
}
