import { ZcError } from '@zc/errors';
import { type NativeRowTable, nativeAddon } from './native-addon.js';

export interface RowTableOptions {
  /** The number of each file's first row, ascending from 0, and behind them the number of all rows. */
  firstRows: Float64Array;
  /** The length of a row of each column, in bytes. */
  rowBytes: readonly number[];
}

/** Rows that are checked each time they are copied. */
export interface CheckedRows {
  /** Where they begin in the file. */
  readonly offset: number;
  /** CRC32C of each row of the file; they are copied, and take 4 bytes a row. */
  readonly checksums: Uint32Array;
}

/** Where the rows of one column of a file are: from an offset of the file on, or the rows themselves, which are copied. */
export type RowColumn = number | CheckedRows | Uint8Array;

/**
 * Where rows of fixed length lie that need only be copied: resident, and known to be right or checked meanwhile.
 *
 * Rows are numbered through, file behind file; a row has columns, each of which lies in one piece of its file. Files
 * are added by `ReadEngine.addRows`, which maps them, and leave with `remove` or when the engine closes them. A batch
 * of numbers then is one call, `ReadEngine.readRows`, with nothing to be planned for it.
 *
 * @example
 * const table = new RowTable({ firstRows: Float64Array.of(0, 1000), rowBytes: [3072] });
 * engine.addRows(table, 0, file, [4096]);
 * if (table.holds(ids)) await engine.readRows(lease, table, ids, Float64Array.of(-1, 0));
 */
export class RowTable {
  readonly #native: NativeRowTable;

  /** @throws ZC_ARGUMENT for numbers that no table can have */
  constructor({ firstRows, rowBytes }: RowTableOptions) {
    this.#native = new (nativeAddon().RowTable)(checkNumbers(firstRows), Float64Array.from(rowBytes));
  }

  /**
   * Whether all of these rows can be had now.
   *
   * @throws ZC_ARGUMENT for anything but a Float64Array
   */
  holds(numbers: Float64Array): boolean {
    return this.#native.holds(checkNumbers(numbers));
  }

  /** Takes a file out, by its place. Batches that are being copied from it go on. */
  remove(place: number): void {
    this.#native.remove(place);
  }

  /** @internal The native side. */
  static native(table: RowTable): NativeRowTable {
    if (!(table instanceof RowTable)) throw new ZcError('ZC_ARGUMENT', 'this is no table of rows');
    return table.#native;
  }
}

/** Arrays are not looked at again by the native side. */
export function checkNumbers(numbers: Float64Array): Float64Array {
  if (numbers instanceof Float64Array) return numbers;
  throw new ZcError('ZC_ARGUMENT', 'numbers and places of rows are Float64Arrays');
}

/**
 * A column as the native side takes it without looking at it again: what a getter gives now is what it gets.
 *
 * @throws ZC_ARGUMENT for anything but a number, a Uint8Array, or an offset with a Uint32Array
 */
export function plainColumn(column: RowColumn): RowColumn {
  if (typeof column === 'number' || column instanceof Uint8Array) return column;
  const { offset, checksums } = column ?? {};
  if (typeof offset === 'number' && checksums instanceof Uint32Array) return { offset, checksums };
  throw new ZcError(
    'ZC_ARGUMENT',
    'a column is an offset, an offset with checksums (a Uint32Array), or the rows (a Uint8Array)',
  );
}
