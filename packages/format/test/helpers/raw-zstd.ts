import type { ZstdCompressor } from '../../src/index.js';

const BLOCK_BYTES_MAX = 128 * 1024;

/** Frames that hold the bytes as they are, in raw blocks: valid zstd without a compressor. */
export const rawZstd: ZstdCompressor = {
  library: 'raw 1',
  compress: (bytes) => rawFrame(bytes),
};

/** One such frame; `claims` puts another content size into its header. */
export function rawFrame(bytes: Uint8Array, claims = bytes.length): Uint8Array {
  const header = new Uint8Array(9);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  header[4] = 0xa0; // a single segment, with four bytes of content size
  view.setUint32(5, claims, true);
  const parts: Uint8Array[] = [header];
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK_BYTES_MAX) {
    const block = bytes.subarray(at, at + BLOCK_BYTES_MAX);
    const isLast = at + BLOCK_BYTES_MAX >= bytes.length;
    const word = (block.length << 3) | (isLast ? 1 : 0);
    parts.push(Uint8Array.of(word & 255, (word >> 8) & 255, word >> 16), block);
  }
  return new Uint8Array(Buffer.concat(parts));
}
