import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZcError } from '@zc/errors';
import type { BackendChoice } from './backend-choice.js';
import type { WrittenFile } from './file-writer.js';
import { type NativeErrorFields, zcErrorFromNative } from './native-error.js';
import type { ReadEngineStats } from './read-engine.js';

/** What the addon gives to this package; nothing of it is public. */
export interface NativeAddon {
  readonly interfaceVersion: number;
  /** Sets the function that makes every error that the addon throws or hands over in this environment. */
  setErrorFactory(factory: (fields: NativeErrorFields) => Error): void;
  capabilities(path: string | undefined): NativeCapabilities;
  /** Whether nobody of this process has asked for this name before, worker threads included. */
  firstNotice(name: string): boolean;
  crc32c(data: Uint8Array, seed: number): number;
  sum64(data: Uint8Array): bigint;
  /** The release of the zstd that is linked: `1.5.4`. */
  zstdVersion(): string;
  zstdCompress(bytes: Uint8Array, level: number): Uint8Array;
  sendDescriptors(socketFd: number, payload: Uint8Array, fds: readonly number[]): void;
  /** Checks the program before it returns; the promise is for its end. */
  runSlotProgram(lease: NativeLease, program: Float64Array): Promise<void>;
  /** An external ArrayBuffer on a mapping of its own. */
  mapShared(fd: number, offset: number, length: number): ArrayBuffer;
  watchDescriptor(fd: number, onReadable: () => void): NativeWatch;
  watchProcess(pid: number, onExit: () => void): NativeWatch;
  MappedFile: { new (path: string): NativeMappedFile; readonly live: number };
  BufferPool: new (options: NativeBufferPoolOptions, onFree: () => void) => NativeBufferPool;
  FileWriter: new (path: string, options: NativeFileWriterOptions, onRoom: () => void) => NativeFileWriter;
  ReadEngine: new (options: NativeReadEngineOptions, onDone: NativeOnDone) => NativeReadEngine;
  RowTable: new (firstRows: Float64Array, rowBytes: Float64Array) => NativeRowTable;
}

export interface NativeCapabilities {
  kernel: string;
  ioUring: { ok: boolean; reason?: string; advice?: string };
  memlockBytes: number;
  crc32c: string;
  direct?: {
    ok: boolean;
    memoryAlignmentBytes: number;
    offsetAlignmentBytes: number;
    reason?: string;
    advice?: string;
  };
  filesystem?: string;
}

export interface NativeWatch {
  close(): void;
}

export interface NativeMappedFile {
  readonly sizeBytes: number;
  /**
   * A uint64: how far the map still shows the file, with all bits set as long as that is to its end. Outlives the map;
   * only for a file that is not closed.
   */
  intactBytes(): ArrayBuffer;
  /** An external ArrayBuffer on the map, which it keeps alive until it is collected. */
  window(offset: number, length: number): ArrayBuffer;
  populate(offset: number, length: number): Promise<void>;
  advise(offset: number, length: number, advice: string): void;
  residentBytes(offset: number, length: number): number;
  /** Fills the whole of `target`. */
  read(offset: number, target: Uint8Array): void;
  close(): void;
}

export interface NativeBufferPoolOptions {
  slotBytes: number;
  slots: number;
  maxMemoryBytes: number;
}

export interface NativeBufferPool {
  readonly slotBytes: number;
  readonly capacity: number;
  readonly leased: number;
  /** While set, each slot that becomes free leads to one call of `onFree`. */
  waiting: boolean;
  acquire(): NativeLease | null;
  grow(): boolean;
  segments(): { fd: number; sizeBytes: number; controlBytes: number; slots: number }[];
  releasedGeneration(segment: number, index: number): number;
  /** Hands out nothing more. The memory goes with the last lease and the last buffer. */
  close(): void;
}

export interface NativeLease {
  readonly segment: number;
  readonly index: number;
  readonly generation: number;
  readonly offset: number;
  /** A new external ArrayBuffer on the slot. It keeps the memory, and until `release` the lease. */
  buffer(): ArrayBuffer;
  /** One that may outlive the lease: it keeps the memory alone. */
  lastingBuffer(): ArrayBuffer;
  /** Ends the lease, and detaches `buffer` where one is given. A read in flight keeps the slot till it ends. */
  release(buffer: ArrayBuffer | undefined): void;
}

export interface NativeReadEngineOptions {
  backend: BackendChoice;
  depth: number;
  threads: number;
  helpers: number;
  maxStagingBytes: number;
  closeTimeoutMs: number;
  /** What reads are made to suffer, in the words of `native/core/fault_backend.h`; empty but in tests. */
  faults: string;
}

export interface NativeReadEngine {
  readonly backend: 'io_uring' | 'threads';
  /** Why `auto` did not take io_uring. */
  readonly reason: string | undefined;
  openFile(path: string): number;
  closeFile(file: number): void;
  fileSize(file: number): number;
  residentBytes(file: number, offset: number, length: number): number;
  read(lease: NativeLease, plan: Float64Array, collectFailures: boolean): number;
  /** @param columns of each its offset in the file, with or without checksums, or its rows; arrays are copied */
  addRows(
    table: NativeRowTable,
    place: number,
    file: number,
    columns: readonly (number | { readonly offset: number; readonly checksums: Uint32Array } | Uint8Array)[],
  ): void;
  /** @param places where in the slot the numbers go (-1: nowhere), and then each column */
  readRows(lease: NativeLease, table: NativeRowTable, numbers: Float64Array, places: Float64Array): number;
  /** @param ranges offset and length of each */
  prefetch(file: number, ranges: Float64Array): number;
  cancel(operation: number): void;
  stats(): ReadEngineStats;
  /** Settles after the last `onDone`; false when the system did not give its buffers back in time. */
  close(): Promise<boolean>;
}

export interface NativeRowTable {
  holds(numbers: Float64Array): boolean;
  remove(place: number): void;
}

/** Called once for each `read`, `readRows` and `prefetch`, on the JavaScript thread. */
export type NativeOnDone = (
  operation: number,
  error: Error | null,
  bytesDirect: number,
  bytesStaged: number,
  bytesCopied: number,
  bytesResident: number,
  readMs: number,
  checkMs: number,
  copyMs: number,
  failures: ZcError[] | undefined,
) => void;

export interface NativeFileWriterOptions {
  backend: BackendChoice;
  blocks: number;
  direct: boolean;
  overwrite: boolean;
  checksum: boolean;
}

export interface NativeFileWriter {
  readonly backend: 'io_uring' | 'threads';
  /** How many bytes behind `from` were taken; where not all, `onRoom` is called once when more can be. */
  append(chunk: Uint8Array, from: number): number;
  finish(): Promise<WrittenFile>;
  /** Ends the threads and frees the blocks, after `finish` as well. False when the system did not give its blocks back in time. */
  abort(timeoutMs: number): Promise<boolean>;
}

/** Of all that is described here, and of plans and programs. Raised with each change of it, here and in module.cc. */
const INTERFACE_VERSION = 3;

let loaded: NativeAddon | undefined;

/**
 * The addon, loaded at its first use, so that importing this package works on every platform.
 *
 * Only `prebuilds/` is looked at, in the repository as in an installed package: the tests load the very file
 * that ships, and the native build renews it. `ZC_IO_ADDON` names another one, such as a sanitizer build.
 *
 * @throws ZC_IO_UNSUPPORTED_PLATFORM anywhere but on Linux; ZC_IO_NO_ADDON where it is missing, will not load, or is
 *   that of another version.
 */
export function nativeAddon(): NativeAddon {
  loaded ??= load();
  return loaded;
}

/** The path that `nativeAddon` loads from; whether anything is there is not looked at. */
export function addonPath(): string {
  return (
    process.env.ZC_IO_ADDON ?? join(packageRoot, 'prebuilds', `linux-${process.arch}`, '@zc+io.glibc.node')
  );
}

// Both src/ and dist/ lie directly below the package's root.
const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

function load(): NativeAddon {
  if (process.platform !== 'linux') {
    throw new ZcError(
      'ZC_IO_UNSUPPORTED_PLATFORM',
      `the native core needs Linux, this is ${process.platform}`,
    );
  }
  const path = addonPath();
  if (!existsSync(path)) {
    throw new ZcError('ZC_IO_NO_ADDON', `no native addon for ${process.platform} on ${process.arch}`, {
      path,
      advice: missingAdvice(),
    });
  }
  let addon: NativeAddon;
  try {
    addon = createRequire(import.meta.url)(path) as NativeAddon;
  } catch (cause) {
    throw new ZcError('ZC_IO_NO_ADDON', `the native addon does not load: ${(cause as Error).message}`, {
      path,
      cause,
      advice: missingAdvice(),
    });
  }
  // What has none is older than these versions.
  const version: number | undefined = addon.interfaceVersion;
  if (version !== INTERFACE_VERSION) {
    throw new ZcError('ZC_IO_NO_ADDON', 'the native addon is that of another version of this package', {
      path,
      expected: INTERFACE_VERSION,
      actual: version ?? 'none',
      advice: missingAdvice(),
    });
  }
  addon.setErrorFactory(zcErrorFromNative);
  return addon;
}

function missingAdvice(): string {
  const buildScript = join(packageRoot, 'native', 'build.mjs');
  return existsSync(buildScript)
    ? `Build it: node ${buildScript}`
    : 'Install @zc/io again on Linux x86-64 with glibc, for which it carries a prebuilt addon.';
}
