import type { BytesSpec, Dtype, FieldSpec, JsonSpec, Schema, TensorSpec, TextSpec } from '@zc/format';
import type { BufferPool, ReadResult, SlotPlace, ZeroCopyBuffer } from '@zc/io';
import type { BatchTiming } from '../stats/batch-timing.js';
import type { BatchLayout } from './batch-layout.js';
import type { MadeBatch } from './batch-maker.js';
import {
  type Column,
  columnOf,
  type PackedColumn,
  type PaddedColumn,
  type TensorColumn,
  type ValuesColumn,
} from './columns.js';

/**
 * How the rows of a batch came into its slot: `direct` from the device into the slot itself, `copied` by one
 * copy from the page cache or a staging buffer, `mixed` some so and some so.
 */
export type BatchWay = 'direct' | 'copied' | 'mixed';

/** A batch as it was read. */
export interface ReadBatch extends Omit<MadeBatch, 'finishMs'> {
  readonly slot: ZeroCopyBuffer;
  readonly timing: BatchTiming;
  /** Makes it what the user gets (see `makeBatch`). */
  open(): Batch;
}

/** Where a batch lies in shared memory, for another process that has the pool's segments mapped. */
export interface BatchSlot extends SlotPlace {
  /** Whose segments these are: a loader changes to another pool when batches get larger. */
  readonly pool: BufferPool;
  readonly layout: BatchLayout;
}

/**
 * Samples that were read together, field by field.
 *
 * Fields are views of a slot of the loader's pool, which is the batch's own until it is released: by asking
 * the loader for the next batch, by `release()`, or at the end of a `using` block. Then the views are detached
 * (their length is 0) and the slot is used again. `retain()` keeps them longer.
 *
 * Each field is a property of the batch; one whose name is that of another member is found in `fields`.
 */
export class BatchBase<S extends Schema = Schema> implements Disposable {
  /** How many samples there are. */
  readonly length: number;
  /** Which samples these are, as numbers of the dataset. A copy that outlives the batch. */
  readonly indices: Float64Array;
  readonly fields: BatchFields<S>;
  readonly way: BatchWay;
  readonly #slot: ZeroCopyBuffer;
  readonly #layout: BatchLayout;
  #released = false;

  /** @internal Takes over one reference to the slot. */
  constructor(slot: ZeroCopyBuffer, layout: BatchLayout, shared: SharedParts<S>) {
    this.#slot = slot;
    this.#layout = layout;
    this.indices = shared.indices;
    this.length = shared.indices.length;
    this.way = shared.way;
    this.fields = shared.fields;
    const { fields } = shared;
    for (const name of Object.keys(fields)) {
      if (!(name in this))
        (this as Record<string, unknown>)[name] = (fields as Record<string, unknown>)[name];
    }
  }

  /** Where the batch lies in shared memory. */
  get slot(): BatchSlot {
    return { ...this.#slot.slot, pool: this.#slot.pool, layout: this.#layout };
  }

  /** Whether this reference was given back. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Another reference to the same slot and the same views, to be released by itself.
   *
   * @throws ZC_IO_CLOSED once the last reference was released
   */
  retain(): Batch<S> {
    return new BatchBase<S>(this.#slot.retain(), this.#layout, this) as Batch<S>;
  }

  /** Gives this reference back; with the last one the views are detached. Does nothing the second time. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#slot.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

interface SharedParts<S extends Schema> {
  readonly indices: Float64Array;
  readonly way: BatchWay;
  readonly fields: BatchFields<S>;
}

type ColumnOf<F extends FieldSpec> = F extends TensorSpec<infer D> & { readonly padded: true }
  ? PaddedColumn<D>
  : PlainColumnOf<F>;

type PlainColumnOf<F extends FieldSpec> =
  F extends TensorSpec<infer D, infer Extents>
    ? D extends Dtype
      ? null extends Extents[number]
        ? number extends Extents[number]
          ? TensorColumn<D> | PackedColumn<D>
          : PackedColumn<D>
        : TensorColumn<D>
      : never
    : F extends BytesSpec
      ? ValuesColumn<Uint8Array>
      : F extends TextSpec
        ? ValuesColumn<string>
        : F extends JsonSpec
          ? ValuesColumn<unknown>
          : never;

/** The fields of a batch by their names, typed by the schema where it is known. */
export type BatchFields<S extends Schema> =
  S extends Schema<infer F> ? { readonly [N in keyof F]: ColumnOf<F[N]> } : never;

/** A batch, with each field as a property. */
export type Batch<S extends Schema = Schema> = BatchBase<S> & Omit<BatchFields<S>, keyof BatchBase>;

/** Makes the batch of what was read; it then holds the slot. */
export function makeBatch<S extends Schema>({
  slot,
  layout,
  indices,
  result,
}: Omit<ReadBatch, 'timing' | 'open'>): Batch<S> {
  const { buffer } = slot;
  const fields: Record<string, Column> = {};
  for (const span of layout.fields) fields[span.plan.field.name] = columnOf(buffer, indices.length, span);
  const shared = { indices, way: wayOf(result), fields: fields as BatchFields<S> };
  return new BatchBase<S>(slot, layout, shared) as Batch<S>;
}

function wayOf({ bytesDirect, bytesCopied }: ReadResult): BatchWay {
  if (bytesDirect === 0) return 'copied';
  return bytesCopied === 0 ? 'direct' : 'mixed';
}
