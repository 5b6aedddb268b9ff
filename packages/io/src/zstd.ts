import { nativeAddon } from './native-addon.js';

/** What compresses rows for a writer of @zc/format: its option `zstd`. */
export interface NativeZstd {
  /** Name and version, as schemas record them: `zstd 1.5.4`. */
  readonly library: string;
  /** One frame with the content's size in its header; the caller's own. */
  compress(bytes: Uint8Array, level: number): Uint8Array;
}

/** The compressor of the native core's own zstd, the one that rows are decoded with. */
export function zstdCompressor(): NativeZstd {
  const addon = nativeAddon();
  return {
    library: `zstd ${addon.zstdVersion()}`,
    compress: (bytes, level) => addon.zstdCompress(bytes, level),
  };
}
