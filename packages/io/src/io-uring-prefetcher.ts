import { isZcError, ZcError } from '@zc/errors';
import type { FileRange, ReadEngine } from './read-engine.js';

/** What came of the prefetches that were waited for. */
export interface PrefetchReport {
  /** Bytes asked for that are in the page cache now, unless memory was short. */
  readonly bytes: number;
  /** One error for each range that could not be read. */
  readonly failures: readonly ZcError[];
}

/**
 * Reads files ahead into the page cache, through a `ReadEngine` and without blocking.
 *
 * Whoever reads or maps the same ranges later finds them there. Nothing is held for it but the file, which is
 * open until its ranges have been read.
 *
 * @example
 * const ahead = new IoUringPrefetcher(engine);
 * ahead.prefetch('shard-000001.zcs');
 * const { bytes, failures } = await ahead.wait();
 */
export class IoUringPrefetcher {
  readonly #engine: ReadEngine;
  readonly #underWay = new Set<Promise<void>>();
  #bytes = 0;
  #failures: ZcError[] = [];

  /** The engine stays the caller's to close. */
  constructor(engine: ReadEngine) {
    this.#engine = engine;
  }

  /**
   * Begins to read ranges of a file; the whole file where none are given. Returns at once, and never throws:
   * what fails is in the report of `wait()`.
   *
   * @param target a path, or the number of a file that the engine has open (then ranges are needed)
   */
  prefetch(target: string | number, ranges?: readonly FileRange[]): void {
    const task = this.#read(target, ranges).finally(() => this.#underWay.delete(task));
    this.#underWay.add(task);
  }

  /** Waits for all that was begun, and reports on what ended since the last report. */
  async wait(): Promise<PrefetchReport> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    const report = { bytes: this.#bytes, failures: this.#failures };
    this.#bytes = 0;
    this.#failures = [];
    return report;
  }

  async #read(target: string | number, ranges: readonly FileRange[] | undefined): Promise<void> {
    if (typeof target === 'number') {
      await this.#readRanges(target, ranges ?? []);
      return;
    }
    let file: number;
    let wanted: readonly FileRange[];
    try {
      file = this.#engine.openFile(target);
      wanted = ranges ?? [{ offset: 0, length: this.#engine.fileSize(file) }];
    } catch (error) {
      this.#failures.push(asZcError(error, target));
      return;
    }
    await this.#readRanges(file, wanted);
    try {
      this.#engine.closeFile(file);
    } catch (error) {
      // An engine that was closed meanwhile has closed its files too.
      if (!isZcError(error, 'ZC_IO_CLOSED')) throw error;
    }
  }

  /** In one call; where one of them cannot be read, each by itself. */
  async #readRanges(file: number, ranges: readonly FileRange[]): Promise<void> {
    try {
      await this.#engine.prefetch(file, ranges);
      for (const { length } of ranges) this.#bytes += length;
    } catch (error) {
      if (ranges.length > 1) for (const range of ranges) await this.#readRanges(file, [range]);
      else this.#failures.push(asZcError(error, undefined));
    }
  }
}

function asZcError(error: unknown, path: string | undefined): ZcError {
  if (isZcError(error)) return error;
  return new ZcError('ZC_IO_READ', `a prefetch failed: ${(error as Error).message}`, { path, cause: error });
}
