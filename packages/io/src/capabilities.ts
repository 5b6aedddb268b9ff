import { nativeAddon } from './native-addon.js';

/** What this machine lets the package do. */
export interface Capabilities {
  /** The release of the kernel, such as `6.1.0`. */
  readonly kernel: string;
  /** Whether io_uring works here; the probe makes a ring and reads through it. */
  readonly ioUring: Capability;
  /** RLIMIT_MEMLOCK; Infinity where there is none. Kernels before 5.12 count rings against it. */
  readonly memlockBytes: number;
  /** Whether the file asked about can be read with O_DIRECT. Only with a path. */
  readonly direct?: DirectCapability;
  /** How CRC32C is computed: `avx512`, `sse4.2`, `armv8` or `table`. */
  readonly crc32c: string;
  /** The kind of filesystem of the path, such as `ext4`. Only with a path. */
  readonly filesystem?: string;
}

/** One thing that works, or does not for a reason, and what to do about that. */
export interface Capability {
  readonly ok: boolean;
  readonly reason?: string;
  readonly advice?: string;
}

/** What O_DIRECT asks of a file's reads; see open(2). */
export interface DirectCapability extends Capability {
  /** Of the buffer's address. */
  readonly memoryAlignmentBytes: number;
  /** Of the offset and the length in the file. */
  readonly offsetAlignmentBytes: number;
}

/**
 * Finds out what works here: io_uring, locked memory and, for a path, direct reads.
 *
 * Takes some hundred microseconds, for it tries rather than asks.
 *
 * @throws ZC_IO_UNSUPPORTED_PLATFORM, ZC_IO_NO_ADDON; ZC_IO_OPEN where the path cannot be opened
 *
 * @example
 * const { ioUring } = capabilities();
 * if (!ioUring.ok) console.error(ioUring.reason, ioUring.advice);
 */
export function capabilities(path?: string): Capabilities {
  return nativeAddon().capabilities(path);
}
