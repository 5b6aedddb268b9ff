import type { ZcError } from '@zc/errors';
import type { FieldPlan } from '@zc/format';
import type { ReadResult, ZeroCopyBuffer } from '@zc/io';
import type { BatchLayout } from '../batches/batch-layout.js';
import type { Padding } from '../batches/padding.js';
import type { RowFailure } from './corrupt-rows.js';

/**
 * Turns the ids of a batch into bytes in a slot.
 *
 * One batch at a time goes through `prepare`, `layout` and `read`. Nothing may be awaited between the `prepare`
 * that gave nothing and the call of `read`: what was found out is kept in memory that the next batch uses again.
 * The reads themselves overlap as much as the caller likes.
 */
export interface Reader {
  /** Of the fields that it reads, in their order. */
  readonly plans: readonly FieldPlan[];
  /** Of the fields that it pads, by their names. */
  readonly paddings: ReadonlyMap<string, Padding>;
  /**
   * Takes the ids of a batch. Gives a promise where something has to be read first: then call it again. Gives
   * nothing when `layout` is known and `read` can follow at once.
   *
   * @param use keeps what it finds in the index cache (see `IndexCache.begin`)
   */
  prepare(ids: Float64Array, use: number): Promise<unknown> | undefined;
  /** What a batch of so many samples is likely to need, in bytes; exact where all its fields are fixed. */
  expectedBytes(samples: number): number;
  /** How the prepared batch will lie in its slot. */
  readonly layout: BatchLayout;
  /**
   * Reads the prepared batch into a slot of at least `layout.lengthBytes`, which stays the caller's.
   *
   * @throws ZC_FORMAT_CHECKSUM naming file, field and row; ZC_IO_…; ZC_ABORTED
   */
  read(slot: ZeroCopyBuffer, ids: Float64Array, signal: AbortSignal | undefined): Promise<ReadResult>;

  /**
   * Which rows of a batch are meant by failures that a read has collected (`ReaderOptions.skips`).
   *
   * @param ids those that were read
   */
  rowFailures(failures: readonly ZcError[], ids: Float64Array): Promise<RowFailure[]>;
}
