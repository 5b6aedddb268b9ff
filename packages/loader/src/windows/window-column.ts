import { BLOCK_BYTES, type FieldLayout } from '@zc/format';
import type { PlannedColumn } from '../reading/plan.js';
import type { Marks } from '../shards/marks.js';
import type { ShardColumn } from '../shards/shard-column.js';
import type { AskingAccess } from './table-access.js';
import type { WindowParts } from './window-parts.js';

/** The parts of windows in one shard as if they were its rows: row i is part i of the batch. */
export class WindowColumn implements PlannedColumn {
  readonly layout: FieldLayout;
  readonly fieldNumber: number;
  readonly checked: Marks;
  readonly blockwise = true;
  readonly #column: ShardColumn;
  readonly #parts: WindowParts;

  constructor(column: ShardColumn, parts: WindowParts) {
    this.layout = column.layout;
    this.fieldNumber = column.fieldNumber;
    this.checked = column.checked;
    this.#column = column;
    this.#parts = parts;
  }

  /** Where a part begins, in the file. */
  start(part: number): number {
    return this.layout.region.offset + this.#parts.starts[part]! * this.layout.elementBytes;
  }

  /** The first of the region's blocks that a part touches. */
  firstBlock(part: number): number {
    return Math.floor((this.#parts.starts[part]! * this.layout.elementBytes) / BLOCK_BYTES);
  }

  /** The last of them. */
  lastBlock(part: number): number {
    const { starts, targets } = this.#parts;
    const end = starts[part]! + targets[2 * part + 1]! - targets[2 * part]!;
    return Math.floor((end * this.layout.elementBytes - 1) / BLOCK_BYTES);
  }

  /** The CRC32C of a block. */
  checksum(block: number): number {
    return this.#column.checksum(block);
  }

  /** Asks for the checksums of the parts from `first` to `end - 1`; with `all` false, of unchecked blocks only. */
  needChecksums(first: number, end: number, all: boolean, { missing, use }: AskingAccess): void {
    if (!all && this.checked.full) return;
    let from = 0;
    for (let part = first; part < end; part++) {
      const last = this.lastBlock(part);
      this.#column.needBlockChecksums(
        { first: Math.max(from, this.firstBlock(part)), last },
        { all, missing, use },
      );
      from = last + 1;
    }
  }
}
