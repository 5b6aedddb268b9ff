import { ZcError } from '@zc/errors';
import { BufferPool, encodeReadPlan, ReadEngine, type ReadEngineOptions, type ReadWay } from '@zc/io';

/** Files that the engine keeps open: within the usual limits of a process. */
const OPEN_FILES_MAX = 256;
/** Parts of tables and of heads are read in slots of their own, of this size. */
const SLOT_BYTES = 2 ** 20;
const SLOTS = 4;
/** What is in the page cache is taken from there; what is not does not come into it. */
const WAY: ReadWay = 'auto-direct';

/**
 * The engine of a dataset, the files it has open, and small reads into memory of their own.
 *
 * Small reads go through the engine too, because it can leave the page cache alone: an ordinary read or a
 * touched map makes the kernel read ahead, by megabytes on some devices, and fills the cache with rows that
 * nobody asked for.
 */
export class EngineFiles {
  readonly #backend: ReadEngineOptions['backend'];
  /** In the order of their last use, the oldest first. */
  readonly #files = new Map<string, number>();
  #engine: ReadEngine | undefined;
  #pool: BufferPool | undefined;
  #closing: Promise<void> | undefined;

  constructor({ backend }: { backend: ReadEngineOptions['backend'] }) {
    this.#backend = backend;
  }

  /** @throws ZC_CLOSED, ZC_ARGUMENT, ZC_IO_MEMORY, ZC_IO_NO_ADDON, ZC_IO_UNSUPPORTED_PLATFORM */
  get engine(): ReadEngine {
    this.checkOpen();
    this.#engine ??= new ReadEngine({ backend: this.#backend });
    return this.#engine;
  }

  /** Threads that copy and check. */
  get helpers(): number {
    return this.#engine?.helpers ?? 0;
  }

  /** The engine's number of a file. It holds until `trim`. */
  fileOf(path: string): number {
    let file = this.#files.get(path);
    if (file === undefined) file = this.engine.openFile(path);
    else this.#files.delete(path);
    this.#files.set(path, file);
    return file;
  }

  /** Closes the files beyond the limit that were used longest ago. Reads in flight are not disturbed. */
  trim(): void {
    for (const [path, file] of this.#files) {
      if (this.#files.size <= OPEN_FILES_MAX) break;
      this.#files.delete(path);
      this.engine.closeFile(file);
    }
  }

  /**
   * A copy of a range, in memory of its own.
   *
   * @throws ZC_IO_OPEN, ZC_IO_READ, ZC_IO_SHORT_READ, ZC_CLOSED
   */
  async read(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.checkOpen();
    // The slots are never seen outside, so nothing is gained by detaching them.
    this.#pool ??= new BufferPool({ slotBytes: SLOT_BYTES, slots: SLOTS, detach: false });
    const bytes = new Uint8Array(length);
    for (let from = 0; from < length; from += SLOT_BYTES) {
      const part = Math.min(SLOT_BYTES, length - from);
      using slot = await this.#pool.acquireAsync();
      const pieces = [{ extentOffset: 0, length: part, slotOffset: 0 }];
      const extent = { file: this.fileOf(path), offset: offset + from, length: part, way: WAY, pieces };
      await this.engine.read(slot, encodeReadPlan([extent]));
      bytes.set(new Uint8Array(slot.buffer, 0, part), from);
    }
    this.trim();
    return bytes;
  }

  checkOpen(): void {
    if (this.#closing !== undefined) throw new ZcError('ZC_CLOSED', 'the dataset is closed');
  }

  /** Ends the reads in flight and closes the files. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#pool?.close();
    await this.#engine?.close();
  }
}
