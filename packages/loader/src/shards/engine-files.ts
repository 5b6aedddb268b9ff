import { ZcError } from '@zc/errors';
import {
  ReadEngine,
  type ReadEngineOptions,
  type ReadOptions,
  type ReadResult,
  type RowColumn,
  type RowTable,
  type ZeroCopyBuffer,
} from '@zc/io';
import { cutPlan, nameFiles, type PlanPart } from '../reading/plan-parts.js';
import { OpenFiles } from './open-files.js';
import { type Range, SmallReads } from './small-reads.js';

/**
 * The engine of a dataset, the files it has open, and small reads whose bytes are lent.
 *
 * Small reads go through the engine too, because it can leave the page cache alone: an ordinary read or a
 * touched map makes the kernel read ahead, by megabytes on some devices, and fills the cache with rows that
 * nobody asked for.
 */
export class EngineFiles {
  readonly #options: ReadEngineOptions;
  readonly #files = new OpenFiles(() => this.engine);
  readonly #smallReads = new SmallReads((slot, plan, paths) => this.read(slot, plan, (i) => paths[i]!));
  #engine: ReadEngine | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ReadEngineOptions) {
    this.#options = options;
  }

  /** @throws ZC_CLOSED, ZC_ARGUMENT, ZC_IO_MEMORY, ZC_IO_NO_ADDON, ZC_IO_UNSUPPORTED_PLATFORM */
  get engine(): ReadEngine {
    this.checkOpen();
    this.#engine ??= new ReadEngine(this.#options);
    return this.#engine;
  }

  /** Threads that copy and check. */
  get helpers(): number {
    return this.#engine?.helpers ?? 0;
  }

  /**
   * The length of a file.
   *
   * @throws ZC_IO_OPEN, ZC_CLOSED
   */
  sizeOf(path: string): number {
    return this.engine.fileSize(this.#files.look(path));
  }

  /** How many bytes of a range are in the page cache (see `ReadEngine.residentBytes`). */
  residentBytes(path: string, offset: number, length: number): number {
    return this.engine.residentBytes(this.#files.look(path), offset, length);
  }

  /**
   * Reads a plan into a slot (see `ReadEngine.read`). The plan is taken over before this returns, and may then
   * have other numbers in the place of its files.
   *
   * @param plan has numbers of the caller's in the place of files
   * @param pathOf the path that such a number stands for
   */
  async read(
    slot: ZeroCopyBuffer,
    plan: Float64Array,
    pathOf: (file: number) => string,
    options: ReadOptions = {},
  ): Promise<ReadResult> {
    const parts = cutPlan(plan, this.#files.max);
    if (parts.length === 1) return this.#readPart(slot, parts[0]!, pathOf, options);
    const results: ReadResult[] = [];
    for (const part of parts) results.push(await this.#readPart(slot, part, pathOf, options));
    return results.reduce(sumOf);
  }

  /** How many files can be open at once. */
  get openMax(): number {
    return this.#files.max;
  }

  /** Puts the rows of a file into a table (see `ReadEngine.addRows`), which they leave when it is closed. */
  addRows(table: RowTable, place: number, path: string, columns: readonly RowColumn[]): void {
    this.engine.addRows(table, place, this.#files.look(path), columns);
  }

  /** See `ReadEngine.readRows`. */
  readRows(
    slot: ZeroCopyBuffer,
    table: RowTable,
    ids: Float64Array,
    places: Float64Array,
  ): Promise<ReadResult> {
    return this.engine.readRows(slot, table, ids, places);
  }

  /**
   * What `use` makes of the bytes of some ranges of a file, which it is lent for as long as it runs.
   *
   * @throws ZC_IO_OPEN, ZC_IO_READ, ZC_IO_SHORT_READ, ZC_CLOSED, and what `use` throws
   */
  async lend<T>(path: string, ranges: readonly Range[], use: (bytes: Uint8Array[]) => T): Promise<T> {
    this.checkOpen();
    return this.#smallReads.read(path, ranges, use);
  }

  /**
   * Brings ranges of a file into the page cache, and into the map that they are copied from.
   *
   * @throws ZC_IO_OPEN, ZC_IO_READ, ZC_CLOSED
   */
  async bring(path: string, ranges: readonly Range[]): Promise<void> {
    this.checkOpen();
    const paths = [path];
    const [file] = this.#files.take(paths) ?? (await this.#files.takeLater(paths));
    try {
      await this.engine.prefetch(file!, ranges);
    } finally {
      this.#files.giveBack(paths);
    }
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
    this.#files.close();
    this.#smallReads.close();
    await this.#engine?.close();
  }

  async #readPart(
    slot: ZeroCopyBuffer,
    part: PlanPart,
    pathOf: (file: number) => string,
    options: ReadOptions,
  ): Promise<ReadResult> {
    const paths = part.files.map(pathOf);
    const numbers = this.#files.take(paths);
    if (numbers !== undefined) return this.#readFiles(slot, part, { paths, numbers }, options);
    const own = { ...part, plan: part.plan.slice() };
    return this.#readFiles(slot, own, { paths, numbers: await this.#files.takeLater(paths) }, options);
  }

  async #readFiles(
    slot: ZeroCopyBuffer,
    part: PlanPart,
    { paths, numbers }: { paths: readonly string[]; numbers: readonly number[] },
    options: ReadOptions,
  ): Promise<ReadResult> {
    try {
      nameFiles(part, numbers);
      return await this.engine.read(slot, part.plan, options);
    } finally {
      this.#files.giveBack(paths);
    }
  }
}

/** What two parts of one read came to: they ran one after the other. */
function sumOf(a: ReadResult, b: ReadResult): ReadResult {
  return {
    bytesDirect: a.bytesDirect + b.bytesDirect,
    bytesStaged: a.bytesStaged + b.bytesStaged,
    bytesCopied: a.bytesCopied + b.bytesCopied,
    bytesResident: a.bytesResident + b.bytesResident,
    readMs: a.readMs + b.readMs,
    checkMs: a.checkMs + b.checkMs,
    copyMs: a.copyMs + b.copyMs,
    failures: a.failures.length === 0 ? b.failures : [...a.failures, ...b.failures],
  };
}
