import zlib from 'node:zlib';
import type { ZstdCompressor } from '../zstd.js';

/** What Node's zlib has from 22.15 and 23.8 on; the types are those of Node 20. */
interface ZlibWithZstd {
  readonly zstdCompressSync?: (bytes: Uint8Array, options: object) => Uint8Array;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

/** Node's own zstd; nothing where this Node has none. */
export function nodeZstd(): ZstdCompressor | undefined {
  const { zstdCompressSync, constants } = zlib as ZlibWithZstd;
  if (zstdCompressSync === undefined) return undefined;
  return {
    library: `zstd ${process.versions.zstd}`,
    compress: (bytes, level) =>
      zstdCompressSync(bytes, {
        // So told, it writes the content's size into the frame's header.
        pledgedSrcSize: bytes.length,
        params: { [constants.ZSTD_c_compressionLevel!]: level },
      }),
  };
}
