import { decodeRow, decompressRow, type FieldPlan, type RowPlace, shapeOfRow } from '@zc/format';
import { PAGE_BYTES } from '../pages.js';
import type { Verify } from '../reading/way-choice.js';
import type { IndexCache } from './index-cache.js';
import type { ShardBytes } from './shard-bytes.js';
import type { ShardColumn } from './shard-column.js';

export interface RowValuesOptions {
  cache: IndexCache;
  verify: Verify;
  /** Whether rows are in the page cache already, so that nobody has to ask for their pages. */
  brought: boolean;
}

/** The values of single rows, at once: tensors and bytes are views of the mapped file, all else is fresh. */
export class RowValues {
  readonly #options: RowValuesOptions;

  constructor(options: RowValuesOptions) {
    this.#options = options;
  }

  /**
   * One row of a column of the shard whose bytes these are. Reads and checks what it lacks, and blocks.
   *
   * @throws ZC_FORMAT_CHECKSUM, ZC_FORMAT_TABLE, ZC_FORMAT_VALUE, ZC_IO_POISONED
   */
  at(column: ShardColumn, row: number, file: ShardBytes): unknown {
    const { views } = column;
    return views !== undefined && this.#isSettled(column, row)
      ? views.at(row, file)
      : this.#valueNow(column, row, file);
  }

  /** Whether there is nothing to check about a fixed row, and nothing to gain from asking for its pages. */
  #isSettled(column: ShardColumn, row: number): boolean {
    const { verify, brought } = this.#options;
    if (verify === 'auto') return column.wasChecked(row);
    return verify === 'never' && (brought || column.layout.rowBytes <= PAGE_BYTES);
  }

  /** A row's value after all that may have to be done for it. */
  #valueNow(column: ShardColumn, row: number, file: ShardBytes): unknown {
    const { cache, verify, brought } = this.#options;
    const { layout, path } = column;
    const use = cache.begin();
    try {
      const { offset, length, dims } = column.placeNow(row, use);
      const bytes = file.view(offset, length);
      // A row that may be cold is asked for at once, not page by page as it is touched.
      if (!brought && length > PAGE_BYTES && !column.wasChecked(row)) file.advise(offset, length, 'willneed');
      if (verify !== 'never') column.checkNow(row, { offset, length }, { bytes, again: verify === 'always' });
      return storedValue(layout, bytes, dims, { name: path, row, offset });
    } finally {
      cache.end(use);
    }
  }
}

/** A row's value: of a compressed one in fresh memory, else a view of its bytes where it can be. */
export function storedValue(
  layout: FieldPlan,
  stored: Uint8Array,
  dims: readonly number[],
  place: RowPlace,
): unknown {
  if (layout.field.codec === 'none') {
    return decodeRow(layout, stored, shapeOfRow(layout, stored.length, dims, place), place);
  }
  const { bytes, shape } = decompressRow(layout, stored, dims, place);
  return decodeRow(layout, bytes, shape, place);
}
