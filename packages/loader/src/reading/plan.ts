import { BLOCK_BYTES } from '@zc/format';
import { READ_WAYS } from '@zc/io';
import type { ShardColumn } from '../shards/shard-column.js';
import type { CheckLog } from './check-log.js';
import { NONE, type PlanWriter } from './plan-writer.js';

/** From this length on a row is better read straight to its place than along with others. */
const LONG_ROW_BYTES = 64 * 2 ** 10;

/** `unmarked`: rows that were not found right before. */
export type Check = 'all' | 'unmarked' | 'none';

/** What planning asks of a column; what it asks for must be there. */
export type PlannedColumn = Pick<
  ShardColumn,
  'layout' | 'fieldNumber' | 'blockwise' | 'checked' | 'start' | 'firstBlock' | 'lastBlock' | 'checksum'
>;

/** Rows of one field in one shard, and where they go. */
export interface PlannedRows {
  column: PlannedColumn;
  /** What the plan calls the file. */
  file: number;
  /** One of `READ_WAYS`. */
  way: number;
  /** Ascending; those from `first` to `end - 1` are meant. */
  rows: Float64Array;
  /** Of each row, its place in the batch. */
  positions: Uint32Array;
  first: number;
  end: number;
  /** Where the field begins in the slot. */
  slotOffset: number;
  /** Of a variable field: one more than there are places in the batch, each place's length apart, in elements. */
  offsets: ArrayLike<number> | undefined;
  /** Where each place begins, in elements from `slotOffset`: the offsets, where rows are back to back. */
  starts: ArrayLike<number> | undefined;
  check: Check;
  log: CheckLog;
}

/**
 * Turns rows into extents and pieces (see `encodeReadPlan` in @zc/io).
 *
 * Rows that are copied from the map share one extent, which is the field's whole region. Rows that are read
 * share one where they are near each other: neighbours in file and batch are one direct read, short rows with
 * small gaps one read and a copy each.
 */
export function planRows(plan: PlanWriter, rows: PlannedRows): void {
  if (rows.check !== 'none') rows.log.begin(rows.column);
  if (rows.way === READ_WAYS['mapped-copy']) planCopies(plan, rows);
  else planReads(plan, rows);
}

function planCopies(plan: PlanWriter, planned: PlannedRows): void {
  const { column, rows, positions, first, end, slotOffset, offsets, starts, check, log } = planned;
  const { region, rowBytes, elementBytes } = column.layout;
  const tags = tagsOf(column);
  // Once every row was found right, the loop has nothing to ask: this is the path of all later epochs.
  const checks = check === 'all' || (check === 'unmarked' && !column.checked.full);
  let checkedTo = 0;
  plan.beginExtent();
  for (let i = first; i < end; i++) {
    const row = rows[i]!;
    const position = positions[i]!;
    const length =
      offsets === undefined ? rowBytes : (offsets[position + 1]! - offsets[position]!) * elementBytes;
    if (length === 0) continue;
    const start = offsets === undefined ? row * rowBytes : column.start(row) - region.offset;
    const target =
      slotOffset + (starts === undefined ? position * rowBytes : starts[position]! * elementBytes);
    let crc = NONE;
    if (checks && column.blockwise) {
      checkedTo = planBlocks(plan, planned, { row, extentOffset: region.offset, from: checkedTo });
    } else if (checks && (check === 'all' || !column.checked.has(row))) {
      crc = column.checksum(row);
      log.add(row);
    }
    plan.piece(start, length, target, crc, tags + row);
  }
  plan.endExtent(planned.file, region.offset, region.length, planned.way);
}

function planReads(plan: PlanWriter, planned: PlannedRows): void {
  const { column, file, way, rows, positions, first, end, slotOffset, offsets, starts, check, log } = planned;
  const { region, rowBytes, elementBytes } = column.layout;
  const tags = tagsOf(column);
  const regionEnd = region.offset + region.length;
  let extentStart = NONE;
  let extentEnd = NONE;
  let targetEnd = NONE;
  let lastIsLong = false;
  let checkedTo = 0;
  const { extentBytes, bridgedBytes } = plan.rules;
  for (let i = first; i < end; i++) {
    const row = rows[i]!;
    const position = positions[i]!;
    const length =
      offsets === undefined ? rowBytes : (offsets[position + 1]! - offsets[position]!) * elementBytes;
    if (length === 0) continue;
    const start = offsets === undefined ? region.offset + row * rowBytes : column.start(row);
    const target =
      slotOffset + (starts === undefined ? position * rowBytes : starts[position]! * elementBytes);
    const blocks = check !== 'none' && column.blockwise;
    // A block can only be checked whole.
    const from = blocks ? region.offset + column.firstBlock(row) * BLOCK_BYTES : start;
    const to = blocks
      ? Math.min(region.offset + (column.lastBlock(row) + 1) * BLOCK_BYTES, regionEnd)
      : start + length;

    const isLong = length >= LONG_ROW_BYTES;
    const continues = from === extentEnd && target === targetEnd;
    const joins =
      extentStart !== NONE &&
      from - extentEnd <= bridgedBytes &&
      to - extentStart <= extentBytes &&
      (continues || !(isLong || lastIsLong));
    if (!joins) {
      if (extentStart !== NONE) plan.endExtent(file, extentStart, extentEnd - extentStart, way);
      plan.beginExtent();
      extentStart = from;
      extentEnd = to;
      // Blocks that the last extent has checked were not in this one's bytes.
      checkedTo = 0;
    }
    let crc = NONE;
    if (blocks) {
      checkedTo = planBlocks(plan, planned, { row, extentOffset: extentStart, from: checkedTo });
    } else if (check !== 'none') {
      crc = column.checksum(row);
      log.add(row);
    }
    plan.piece(start - extentStart, length, target, crc, tags + row);
    extentEnd = Math.max(extentEnd, to);
    targetEnd = target + length;
    lastIsLong = isLong;
  }
  if (extentStart !== NONE) plan.endExtent(file, extentStart, extentEnd - extentStart, way);
}

/** Checks the blocks that a row touches, from block `from` on; the result is where the next row goes on. */
function planBlocks(
  plan: PlanWriter,
  { column, way, check, log }: PlannedRows,
  { row, extentOffset, from }: { row: number; extentOffset: number; from: number },
): number {
  const { region } = column.layout;
  const tag = tagsOf(column) + row;
  const last = column.lastBlock(row);
  const unmarkedOnly = check === 'unmarked' && way === READ_WAYS['mapped-copy'];
  for (let block = Math.max(from, column.firstBlock(row)); block <= last; block++) {
    if (unmarkedOnly && column.checked.has(block)) continue;
    const start = block * BLOCK_BYTES;
    const length = Math.min(BLOCK_BYTES, region.length - start);
    plan.piece(region.offset + start - extentOffset, length, NONE, column.checksum(block), tag);
    log.add(block);
  }
  return last + 1;
}

const ROWS_PER_SHARD_MAX = 2 ** 32;

function tagsOf(column: PlannedColumn): number {
  return column.fieldNumber * ROWS_PER_SHARD_MAX;
}

/** The field and the row that a piece's tag names. */
export function readTag(tag: number): { fieldNumber: number; row: number } {
  const fieldNumber = Math.floor(tag / ROWS_PER_SHARD_MAX);
  return { fieldNumber, row: tag - fieldNumber * ROWS_PER_SHARD_MAX };
}
