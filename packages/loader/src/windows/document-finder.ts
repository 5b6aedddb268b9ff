import type { ShardColumn } from '../shards/shard-column.js';
import { AskingAccess, type TableAccess } from './table-access.js';
import type { TokenStream } from './token-stream.js';

/**
 * Finds documents by the tokens that they have, in one shard.
 *
 * The table of their ends is searched run by run, so that of a large one only a few runs are ever read; where
 * runs end is kept, so that they are not read again for that.
 */
export class DocumentFinder {
  readonly #column: ShardColumn;
  /** The last entry of each run, NaN where it is not known yet. */
  readonly #runEnds: Float64Array;

  constructor(column: ShardColumn) {
    this.#column = column;
    this.#runEnds = new Float64Array(Math.ceil(column.samples / column.ends!.entriesPerRun)).fill(Number.NaN);
    // The region ends where its last row does.
    if (column.samples > 0) this.#runEnds[this.#runEnds.length - 1] = column.layout.region.length;
  }

  /**
   * The row that has the byte at `offset` of the region, or the next one that is not empty; nothing where part
   * of the table is not there.
   */
  rowAt(offset: number, access: TableAccess): number | undefined {
    const run = this.#runAt(offset, access);
    const { runs, entriesPerRun } = this.#column.ends!;
    if (run === undefined || !access.has(runs, run)) return undefined;
    const ends = runs.at(run);
    const first = run * entriesPerRun;
    let low = 0;
    let high = Math.min(entriesPerRun, this.#column.samples - first) - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle]! > offset) high = middle;
      else low = middle + 1;
    }
    return first + low;
  }

  /**
   * Where a row ends, in bytes from the region's start; nothing where part of the table is not there.
   *
   * @throws ZC_FORMAT_TABLE where the table contradicts itself
   */
  endOf(row: number, access: TableAccess): number | undefined {
    const { ends, layout } = this.#column;
    if (!access.has(ends!.runs, ends!.runOf(row))) return undefined;
    if (row > 0 && !access.has(ends!.runs, ends!.runOf(row - 1))) return undefined;
    this.#column.rowLength(row);
    return this.#column.end(row) - layout.region.offset;
  }

  /** The first run whose last row ends behind `offset`. */
  #runAt(offset: number, access: TableAccess): number | undefined {
    let low = 0;
    let high = this.#runEnds.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Number.isNaN(this.#runEnds[middle]!)) {
        const { runs, entriesPerRun } = this.#column.ends!;
        if (!access.has(runs, middle)) return undefined;
        this.#runEnds[middle] = runs.at(middle)[entriesPerRun - 1]!;
      }
      if (this.#runEnds[middle]! > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const finders = new WeakMap<ShardColumn, DocumentFinder>();

/** The finder of a column, the same one for as long as its shard is open. */
export function finderOf(column: ShardColumn): DocumentFinder {
  let finder = finders.get(column);
  if (finder === undefined) {
    finder = new DocumentFinder(column);
    finders.set(column, finder);
  }
  return finder;
}

/** The row that a byte of a shard's token region belongs to. */
export async function findRow(stream: TokenStream, shard: number, offset: number): Promise<number> {
  const { cache } = stream.store;
  const use = cache.begin();
  try {
    for (;;) {
      const access = new AskingAccess(stream, use);
      const column = access.column(shard);
      const row = column && finderOf(column).rowAt(offset - column.layout.region.offset, access);
      if (row !== undefined) return row;
      await access.load();
    }
  } finally {
    cache.end(use);
  }
}
