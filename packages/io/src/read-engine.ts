import { availableParallelism } from 'node:os';
import { abortedError, ZcError } from '@zc/errors';
import { type BackendChoice, chooseBackend } from './backend-choice.js';
import { type NativeReadEngine, nativeAddon } from './native-addon.js';
import { noticeOnce } from './notice.js';
import { checkNumbers, plainColumn, type RowColumn, RowTable } from './row-table.js';
import { ZeroCopyBuffer } from './zero-copy-buffer.js';

export interface ReadEngineOptions {
  /** `auto` (the default) is io_uring where it works, else threads; ZC_IO_BACKEND in the environment decides first. */
  backend?: BackendChoice;
  /**
   * Reads in flight at once in the ring, 1 to 4096. By default the engine finds out while it reads: from 64 on it
   * doubles them, up to 256, for as long as the device gets a tenth faster by it.
   */
  depth?: number;
  /** Threads that read, for the backend of that name (16). */
  threads?: number;
  /** Threads that copy and check; by default one on two cores or fewer, else up to four. */
  helpers?: number;
  /** Memory for reads that cannot land in the slot itself (64 MiB). */
  maxStagingBytes?: number;
  /**
   * How long `close()`, and the end of the environment, wait for reads that the system has begun (5000). Longer for a
   * network file system that recovers; shorter where a program must end at once.
   */
  closeTimeoutMs?: number;
}

/** A run of bytes of a file. */
export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

export interface ReadOptions {
  signal?: AbortSignal;
  /**
   * What becomes of a piece that cannot be read or has a wrong checksum. `first` (the default): the read fails with
   * it. `collect`: the read goes on, and its result lists what failed. An extent of several pieces that cannot be read
   * is tried again piece by piece, so that only those are missing that cannot be had.
   */
  failures?: 'first' | 'collect';
}

/** How the bytes of one read came, in bytes, and what it took, in milliseconds. */
export interface ReadResult {
  /** By O_DIRECT into the slot itself. */
  readonly bytesDirect: number;
  /** By a read into a staging buffer, and one copy. */
  readonly bytesStaged: number;
  /** Copied into the slot by the CPU, from wherever. */
  readonly bytesCopied: number;
  /** Found in the page cache. */
  readonly bytesResident: number;
  /** From the call to the last byte that came from a file; 0 where all was resident. */
  readonly readMs: number;
  /** Of helper threads, in passes that only compute checksums. */
  readonly checkMs: number;
  /** Of helper threads, in passes that copy, whether or not they check what they copy. */
  readonly copyMs: number;
  /**
   * With `failures: 'collect'`, in no order: ZC_IO_READ, ZC_IO_SHORT_READ or ZC_IO_CHECKSUM with the piece's tag in
   * `details.tag`, at most one a piece. The slot holds the bytes of all other pieces. Where a piece that is only
   * checked fails, which others share its bytes is for the caller to know.
   */
  readonly failures: readonly ZcError[];
}

const NO_FAILURES: readonly ZcError[] = Object.freeze([]);

/** Counted since the engine was made, but for what is said to be of now. */
export interface ReadEngineStats {
  /** Of now. */
  readonly batchesInFlight: number;
  readonly batchesDone: number;
  /** Reads that the system has finished. */
  readonly reads: number;
  readonly readsDirect: number;
  /** By those reads, with what direct ones were widened by. */
  readonly bytesRead: number;
  readonly bytesFromMap: number;
  /** Of now. */
  readonly stagingBytes: number;
  /** Files whose direct reads the system refused. */
  readonly directRefused: number;
}

interface Pending {
  readonly resolve: (result: ReadResult) => void;
  readonly reject: (error: unknown) => void;
  /** Keeps the engine from being collected, and so closed, while somebody waits for it. */
  readonly engine: ReadEngine;
}

/**
 * Reads batches of file ranges into slots, on threads of its own.
 *
 * One call hands over a batch and one wake-up brings its end, however many reads it has. The bytes and the
 * errors are the same on every backend. An engine belongs to the thread that made it, and keeps the process
 * alive only while something is in flight. Close it: that ends its threads.
 *
 * @example
 * await using engine = new ReadEngine();
 * const file = engine.openFile('shard-000000.zcs');
 * const { bytesDirect } = await engine.read(lease, plan);
 */
export class ReadEngine implements AsyncDisposable {
  /** Threads that copy and check. */
  readonly helpers: number;
  readonly #native: NativeReadEngine;
  readonly #pending: Map<number, Pending>;
  readonly #closeTimeoutMs: number;
  #toldOfRefusedDirect = false;
  #closing: Promise<void> | undefined;

  /**
   * @throws ZC_ARGUMENT; ZC_IO_MEMORY; the reason of `capabilities().ioUring` where `io_uring` is asked for
   *   and refused
   */
  constructor({
    backend,
    depth = 0,
    threads = 16,
    helpers = 0,
    maxStagingBytes = 64 * 2 ** 20,
    closeTimeoutMs = 5000,
  }: ReadEngineOptions = {}) {
    if (!Number.isSafeInteger(closeTimeoutMs) || closeTimeoutMs < 0) {
      throw new ZcError(
        'ZC_ARGUMENT',
        `closeTimeoutMs must be a whole number from 0 on, not ${closeTimeoutMs}`,
      );
    }
    const pending = new Map<number, Pending>();
    // The native engine holds this function, so it must not hold the engine.
    const faults = process.env.ZC_IO_FAULTS ?? '';
    this.#closeTimeoutMs = closeTimeoutMs;
    this.helpers = helpers || defaultHelpers();
    const options = {
      ...{ backend: chooseBackend(backend), depth, threads, maxStagingBytes, closeTimeoutMs, faults },
      helpers: this.helpers,
    };
    this.#native = new (nativeAddon().ReadEngine)(
      options,
      (
        operation,
        error,
        bytesDirect,
        bytesStaged,
        bytesCopied,
        bytesResident,
        readMs,
        checkMs,
        copyMs,
        failures,
      ) => {
        const { resolve, reject } = pending.get(operation)!;
        pending.delete(operation);
        if (error !== null) {
          reject(error);
          return;
        }
        resolve({
          bytesDirect,
          bytesStaged,
          bytesCopied,
          bytesResident,
          readMs,
          checkMs,
          copyMs,
          failures: failures ?? NO_FAILURES,
        });
      },
    );
    this.#pending = pending;
    const chosen = options.backend === 'threads';
    if (this.reason !== undefined && !chosen) noticeOnce('ZC_IO_NO_RING', this.reason.replace(/\.$/, ''));
  }

  /** What reads: decided when the engine was made. */
  get backend(): 'io_uring' | 'threads' {
    return this.#native.backend;
  }

  /** Why it is not io_uring, and what to do about that; nothing where it is. */
  get reason(): string | undefined {
    return this.#native.reason;
  }

  /**
   * Opens a file for reading.
   *
   * @returns its number in plans, until `closeFile`
   * @throws ZC_IO_OPEN, ZC_IO_CLOSED
   */
  openFile(path: string): number {
    this.#checkOpen();
    return this.#native.openFile(path);
  }

  /** The length of an open file when it was opened. */
  fileSize(file: number): number {
    this.#checkOpen();
    return this.#native.fileSize(file);
  }

  /**
   * How many bytes of a range of an open file are in the page cache now; see `MappedFile.residentBytes`.
   *
   * @throws ZC_ARGUMENT, ZC_IO_READ, ZC_IO_CLOSED
   */
  residentBytes(file: number, offset: number, length: number): number {
    this.#checkOpen();
    return this.#native.residentBytes(file, offset, length);
  }

  /** Closes a file once the reads in flight from it have ended. */
  closeFile(file: number): void {
    this.#checkOpen();
    this.#native.closeFile(file);
  }

  /**
   * Reads a plan (see `encodeReadPlan`) into a slot.
   *
   * The plan is taken over before this returns, so its array can be used again. The slot is not reused before
   * the read has ended, even where its lease ends first. After an error the slot holds some of the bytes.
   * With `failures: 'collect'` pieces that fail are not an error but listed in the result.
   *
   * @throws ZC_ARGUMENT for a plan that does not fit its files or the slot, before anything is read;
   *   ZC_IO_READ, ZC_IO_SHORT_READ, ZC_IO_CHECKSUM, ZC_IO_POISONED; ZC_ABORTED; ZC_IO_CLOSED
   */
  async read(
    target: ZeroCopyBuffer,
    plan: Float64Array,
    { signal, failures = 'first' }: ReadOptions = {},
  ): Promise<ReadResult> {
    this.#checkOpen();
    if (signal?.aborted) throw abortedError('the read', signal);
    if (!(plan instanceof Float64Array)) throw new ZcError('ZC_ARGUMENT', 'a read plan is a Float64Array');
    const operation = this.#native.read(ZeroCopyBuffer.native(target), plan, failures === 'collect');
    const settled =
      signal === undefined ? this.#settle(operation) : this.#settleUnlessAborted(operation, signal);
    const result = await settled;
    // Asked for only where something was read and nothing directly: batches of resident rows pay nothing.
    const { bytesDirect, bytesCopied, bytesResident } = result;
    if (bytesDirect === 0 && bytesCopied > bytesResident) this.#tellOfRefusedDirect();
    return result;
  }

  /**
   * Puts the rows of an open file into a table, at a place of it; the file is mapped for that. It leaves the table with
   * `closeFile` and with the engine's end.
   *
   * @param columns of each column where its rows begin in the file, what they sum to if that is to be checked with each
   *   copy, or the rows themselves
   * @throws ZC_ARGUMENT where rows would end behind the file, ZC_IO_MAP, ZC_IO_SHORT_READ, ZC_IO_CLOSED
   */
  addRows(table: RowTable, place: number, file: number, columns: readonly RowColumn[]): void {
    this.#checkOpen();
    this.#native.addRows(RowTable.native(table), place, file, columns.map(plainColumn));
  }

  /**
   * Copies rows that a table holds into a slot, one behind the other in the order of their numbers. Nothing is
   * checked but that the files were not cut short, and the checksums of those that have any. It takes no signal: it is
   * over before one could be heeded.
   *
   * The arrays can be used again once this has returned; of the slot holds what is said of `read`.
   *
   * @param places where in the slot each column begins, and before them where the numbers go as int64, or -1
   * @throws ZC_ARGUMENT for rows that the table does not hold or that do not fit the slot, before anything is copied;
   *   ZC_IO_POISONED, without saying which rows it concerns; ZC_IO_CHECKSUM for the first wrong row; ZC_IO_CLOSED
   */
  async readRows(
    target: ZeroCopyBuffer,
    table: RowTable,
    numbers: Float64Array,
    places: Float64Array,
  ): Promise<ReadResult> {
    this.#checkOpen();
    const lease = ZeroCopyBuffer.native(target);
    const operation = this.#native.readRows(
      lease,
      RowTable.native(table),
      checkNumbers(numbers),
      checkNumbers(places),
    );
    return this.#settle(operation);
  }

  /**
   * Brings ranges of a file into the page cache, in their order. Fails with the first that cannot be read, and leaves
   * out those behind it.
   *
   * @throws ZC_ARGUMENT, ZC_IO_READ, ZC_IO_SHORT_READ, ZC_IO_POISONED, ZC_IO_CLOSED
   */
  async prefetch(file: number, ranges: readonly FileRange[]): Promise<void> {
    this.#checkOpen();
    const numbers = Float64Array.from(ranges.flatMap(({ offset, length }) => [offset, length]));
    await this.#settle(this.#native.prefetch(file, numbers));
  }

  get stats(): ReadEngineStats {
    return this.#native.stats();
  }

  /**
   * Cancels what is in flight (it fails with ZC_IO_CLOSED), waits for its end, and ends the threads.
   *
   * Where the system does not give buffers back within `closeTimeoutMs`, they are leaked rather than unmapped
   * under a read, and a warning says so.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #tellOfRefusedDirect(): void {
    if (this.#toldOfRefusedDirect || this.stats.directRefused === 0) return;
    this.#toldOfRefusedDirect = true;
    noticeOnce(
      'ZC_IO_NO_DIRECT',
      'a file system here refuses direct reads (O_DIRECT), as tmpfs may: its files are read through the page cache',
    );
  }

  async #close(): Promise<void> {
    const clean = await this.#native.close();
    if (clean) return;
    process.emitWarning(
      `a read did not end within ${this.#closeTimeoutMs} ms of its cancelling: its ring and buffers are leaked`,
      { type: 'ZcWarning', code: 'ZC_IO_LEAK' },
    );
  }

  #settle(operation: number): Promise<ReadResult> {
    return new Promise((resolve, reject) => {
      this.#pending.set(operation, { resolve, reject, engine: this });
    });
  }

  async #settleUnlessAborted(operation: number, signal: AbortSignal): Promise<ReadResult> {
    const onAbort = () => this.#native.cancel(operation);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#settle(operation);
    } catch (error) {
      throw signal.aborted && this.#closing === undefined ? abortedError('the read', signal) : error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new ZcError('ZC_IO_CLOSED', 'the read engine is closed');
  }
}

/** Few: a helper that copies can fill the memory's bandwidth, and the consumer needs processors too. */
function defaultHelpers(): number {
  const processors = availableParallelism();
  return processors <= 2 ? 1 : Math.min(4, Math.max(2, Math.floor(processors / 4)));
}
