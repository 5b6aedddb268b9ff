import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { isZcError, ZcError } from '@zc/errors';
import { errorFromJson } from './error-json.js';

/** What is done about records that cannot be samples. */
export interface BadRowOptions {
  /** `stop`: the first one ends the packing, which names it; `skip`: it is left out, and listed. Default `stop`. */
  readonly onError?: 'stop' | 'skip' | undefined;
  /** With `skip`: a file that gets every one of them, a line of JSON each. */
  readonly errorsFile?: string | undefined;
  /** With `skip`: how many of them the report keeps, the first ones. Default 100. */
  readonly errorsKept?: number | undefined;
}

/** A record that was left out. */
export interface SkippedRow {
  /** Its place in the input, from 0; records that were left out count too. */
  readonly row: number;
  readonly error: ZcError;
}

/** What is known of bad rows at some place of a packing, as plain JSON. */
export interface BadRowsState {
  readonly count: number;
  readonly kept: readonly { row: number; error: Record<string, unknown> }[];
  /** Bytes of the file that lists them. */
  readonly fileBytes: number;
}

const KEPT = 100;

/** Ends a packing at a bad record, or lists the record, as was asked for. Close it. */
export class BadRows implements Disposable {
  readonly #stops: boolean;
  readonly #keptMax: number;
  readonly #kept: SkippedRow[] = [];
  readonly #path: string | undefined;
  #file: number | undefined;
  #fileBytes = 0;
  #count = 0;

  /**
   * @param before what an interrupted packing knew, with which this one goes on
   * @throws ZC_ARGUMENT; ZC_IO_WRITE where the file cannot be made
   */
  constructor({ onError = 'stop', errorsFile, errorsKept = KEPT }: BadRowOptions, before?: BadRowsState) {
    if (onError !== 'stop' && onError !== 'skip') {
      throw new ZcError('ZC_ARGUMENT', `onError is ${onError}, expected stop or skip`, { actual: onError });
    }
    if (errorsFile !== undefined && onError === 'stop') {
      throw new ZcError('ZC_ARGUMENT', 'a file of bad records is written only where these are skipped', {
        path: errorsFile,
        advice: "Add `--on-error skip` (`onError: 'skip'`), or leave the file out.",
      });
    }
    if (!Number.isSafeInteger(errorsKept) || errorsKept < 0) {
      throw new ZcError('ZC_ARGUMENT', `errorsKept is ${errorsKept}, expected a whole number from 0`);
    }
    this.#stops = onError === 'stop';
    this.#keptMax = errorsKept;
    this.#path = errorsFile;
    if (before !== undefined) {
      this.#count = before.count;
      this.#kept.push(
        ...before.kept.slice(0, errorsKept).map(({ row, error }) => ({ row, error: errorFromJson(error) })),
      );
    }
    if (errorsFile === undefined) return;
    this.#fileBytes = before?.fileBytes ?? 0;
    this.#file = attempt(errorsFile, () => openAt(errorsFile, this.#fileBytes));
  }

  /** How many were left out. */
  get count(): number {
    return this.#count;
  }

  /** The first ones of them. */
  get kept(): readonly SkippedRow[] {
    return this.#kept;
  }

  /** @throws the error itself where it is to stop the packing, or is none of a single record */
  add(row: number, error: unknown): void {
    if (this.#stops || !isZcError(error)) throw error;
    this.#count++;
    if (this.#kept.length < this.#keptMax) this.#kept.push({ row, error });
    const { name: _, ...told } = error.toJSON();
    const line = `${JSON.stringify({ row, ...told })}\n`;
    if (this.#file === undefined) return;
    this.#fileBytes += attempt(this.#path!, () => writeSync(this.#file!, line, this.#fileBytes));
  }

  state(): BadRowsState {
    const kept = this.#kept.map(({ row, error }) => ({ row, error: error.toJSON() }));
    return { count: this.#count, kept, fileBytes: this.#fileBytes };
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Opens a file to be written from some byte on; what lay behind it, of rows that come again, is cut off. */
function openAt(path: string, bytes: number): number {
  if (bytes === 0) return openSync(path, 'w');
  const file = openSync(path, 'r+');
  ftruncateSync(file, bytes);
  return file;
}

function attempt<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const { message } = cause as Error;
    throw new ZcError('ZC_IO_WRITE', `the list of bad records cannot be written: ${message}`, {
      path,
      cause,
    });
  }
}
