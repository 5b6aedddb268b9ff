import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isZcError, ZcError } from '@zc/errors';
import type { ReadEngine } from '@zc/io';

/** Enough to keep a device busy from files of one row each. */
const OPEN_FILES_MAX = 256;
const OPEN_FILES_MIN = 4;
/** The part of the process's descriptors that these files may take: each has two, and there are other datasets. */
const DESCRIPTORS_PART = 4;

/** One read's files; they stay open until it gives them back. */
interface OpenFile {
  readonly number: number;
  readers: number;
}

interface Waiter {
  readonly paths: readonly string[];
  resolve(numbers: number[]): void;
  reject(error: unknown): void;
}

/**
 * The files that an engine has open: those that are being read, and of the others those used last.
 *
 * A batch may come from as many files as it has rows, and many batches are read at once: reads that would need
 * more files than the process can have wait for those before them.
 */
export class OpenFiles {
  /** The most there are, and that one read can take. */
  readonly max: number;
  readonly #engine: () => ReadEngine;
  /** By path, in the order of their last use, the oldest first. */
  readonly #files = new Map<string, OpenFile>();
  readonly #waiters: Waiter[] = [];
  /** Files with readers. */
  #busy = 0;
  #closed = false;

  constructor(engine: () => ReadEngine, max = openFilesMax()) {
    this.#engine = engine;
    this.max = max;
  }

  /**
   * The engine's number of a file, until anything else is asked for.
   *
   * @throws ZC_IO_OPEN
   */
  look(path: string): number {
    const { number } = this.#use(path);
    return number;
  }

  /**
   * The engine's numbers of some files, `max` at most and none twice; nothing where their turn has not come.
   * Each call that gives numbers is followed by one of `giveBack`.
   *
   * @throws ZC_IO_OPEN
   */
  take(paths: readonly string[]): number[] | undefined {
    return this.#waiters.length === 0 ? this.#takeNow(paths) : undefined;
  }

  /** The same, as soon as their turn comes. */
  takeLater(paths: readonly string[]): Promise<number[]> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ paths, resolve, reject });
      this.#serve();
    });
  }

  giveBack(paths: readonly string[]): void {
    for (const path of paths) {
      const file = this.#files.get(path)!;
      file.readers--;
      if (file.readers === 0) this.#busy--;
    }
    this.#serve();
  }

  /** Lets nobody have files any more; the engine closes them with itself. */
  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiters.splice(0)) reject(closedError());
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      const { paths, resolve, reject } = this.#waiters[0]!;
      try {
        const numbers = this.#takeNow(paths);
        if (numbers === undefined) return;
        resolve(numbers);
      } catch (error) {
        reject(error);
      }
      this.#waiters.shift();
    }
  }

  #takeNow(paths: readonly string[]): number[] | undefined {
    if (this.#closed) throw closedError();
    const idle = paths.filter((path) => !this.#files.get(path)?.readers).length;
    if (this.#busy + idle > this.max && this.#busy > 0) return undefined;
    const taken: string[] = [];
    try {
      const numbers = paths.map((path) => {
        const file = this.#use(path);
        file.readers++;
        if (file.readers === 1) this.#busy++;
        taken.push(path);
        return file.number;
      });
      this.#makeRoom(0);
      return numbers;
    } catch (error) {
      for (const path of taken) {
        const file = this.#files.get(path)!;
        file.readers--;
        if (file.readers === 0) this.#busy--;
      }
      throw error;
    }
  }

  /** A file, opened if need be, as the one used last. */
  #use(path: string): OpenFile {
    let file = this.#files.get(path);
    if (file === undefined) file = { number: this.#open(path), readers: 0 };
    else this.#files.delete(path);
    this.#files.set(path, file);
    return file;
  }

  #open(path: string): number {
    this.#makeRoom(1);
    try {
      return this.#engine().openFile(path);
    } catch (error) {
      // Others in this process may have taken the descriptors: then what is not needed now goes.
      const tooMany = isZcError(error, 'ZC_IO_OPEN') && error.details.errno === constants.errno.EMFILE;
      if (!tooMany || this.#busy === this.#files.size) throw error;
      this.#makeRoom(this.max);
      return this.#engine().openFile(path);
    }
  }

  /** Closes files that nobody reads, those used longest ago first, until there is room for some more. */
  #makeRoom(more: number): void {
    for (const [path, { number, readers }] of this.#files) {
      if (this.#files.size + more <= this.max) return;
      if (readers > 0) continue;
      this.#files.delete(path);
      this.#engine().closeFile(number);
    }
  }
}

function openFilesMax(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  const part = Math.floor(Number(soft ?? 1024) / DESCRIPTORS_PART);
  return Math.min(OPEN_FILES_MAX, Math.max(OPEN_FILES_MIN, part));
}

function closedError(): ZcError {
  return new ZcError('ZC_CLOSED', 'the dataset is closed');
}
