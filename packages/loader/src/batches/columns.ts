import { ZcError } from '@zc/errors';
import {
  type BytesField,
  type Dtype,
  decodeRow,
  elementsOf,
  type FieldPlan,
  type JsonField,
  shapeOfRow,
  type TensorField,
  type TextField,
  type TypedArrayOf,
} from '@zc/format';
import type { FieldSpan } from './batch-layout.js';

/** A field of fixed shape: one tensor for the whole batch, with the batch as its first dimension. */
export interface TensorColumn<D extends Dtype = Dtype> {
  readonly dtype: D;
  /** The number of samples, then the field's shape. */
  readonly shape: readonly number[];
  /** A view of the slot, C-contiguous. */
  readonly data: TypedArrayOf<D>;
}

/** A field whose first dimension is ragged, with its rows made equally long: one tensor for the whole batch. */
export interface PaddedColumn<D extends Dtype = Dtype> extends TensorColumn<D> {
  /** Of each row, how much of its first dimension is its own; the rest is padding. */
  readonly lengths: Int32Array;
}

/** A field with ragged dimensions: the rows of the batch back to back. */
export class PackedColumn<D extends Dtype = Dtype> {
  readonly dtype: D;
  /** A view of the slot: the elements of all rows. */
  readonly data: TypedArrayOf<D>;
  /** Row i is `data[offsets[i] … offsets[i + 1] - 1]` (twice that for complex64). */
  readonly offsets: Int32Array | Float64Array;
  readonly length: number;
  readonly #plan: FieldPlan;
  readonly #dims: Float64Array | undefined;

  constructor(buffer: ArrayBuffer, { plan, offset, lengthBytes, variable }: FieldSpan) {
    const { dtype } = plan.field as TensorField & { dtype: D };
    this.dtype = dtype;
    this.data = elementsOf(dtype, new Uint8Array(buffer, offset, lengthBytes));
    this.offsets = variable!.offsets;
    this.length = this.offsets.length - 1;
    this.#plan = plan;
    this.#dims = variable!.dims;
  }

  /** The shape of a row. */
  shapes(i: number): number[] {
    const rowBytes = (this.offsets[i + 1]! - this.offsets[i]!) * this.#plan.elementBytes;
    const perRow = this.#plan.raggedDims.length;
    const dims = this.#dims?.subarray(i * perRow, (i + 1) * perRow);
    return shapeOfRow(this.#plan, rowBytes, dims, { name: this.#plan.field.name, row: i, offset: 0 });
  }

  /**
   * A view of one row.
   *
   * @throws ZC_CLOSED once the batch was released
   */
  row(i: number): TypedArrayOf<D> {
    demandHeld(this.data.buffer as ArrayBuffer);
    const lanes = this.#plan.elementBytes / this.data.BYTES_PER_ELEMENT;
    return this.data.subarray(this.offsets[i]! * lanes, this.offsets[i + 1]! * lanes) as TypedArrayOf<D>;
  }
}

/** A field of bytes, text or JSON: the rows back to back, decoded one by one as they are asked for. */
export class ValuesColumn<T = unknown> {
  /** A view of the slot: the bytes of all rows. */
  readonly data: Uint8Array;
  /** Row i is `data[offsets[i] … offsets[i + 1] - 1]`. */
  readonly offsets: Int32Array | Float64Array;
  readonly length: number;
  readonly #plan: FieldPlan;

  constructor(buffer: ArrayBuffer, { plan, offset, lengthBytes, variable }: FieldSpan) {
    this.data = new Uint8Array(buffer, offset, lengthBytes);
    this.offsets = variable!.offsets;
    this.length = this.offsets.length - 1;
    this.#plan = plan;
  }

  /**
   * The value of one row: bytes are a view, texts and JSON values are fresh and outlive the batch.
   *
   * @throws ZC_INDEX_RANGE, ZC_FORMAT_VALUE, ZC_CLOSED once the batch was released
   */
  at(i: number): T {
    if (!(i >= 0 && i < this.length)) {
      throw new ZcError('ZC_INDEX_RANGE', `there is no row ${i} in a batch of ${this.length}`, {
        expected: this.length,
        actual: i,
      });
    }
    demandHeld(this.data.buffer as ArrayBuffer);
    const bytes = this.data.subarray(this.offsets[i]!, this.offsets[i + 1]!);
    return decodeRow(this.#plan, bytes, [], { name: 'batch', row: i, offset: this.offsets[i]! }) as T;
  }

  toArray(): T[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i));
  }
}

/** One field of a batch. */
export type Column = TensorColumn | PaddedColumn | PackedColumn | ValuesColumn;

/** Makes the views on a slot that a field's rows were read into. */
export function columnOf(buffer: ArrayBuffer, batchLength: number, span: FieldSpan): Column {
  const { field, fixed } = span.plan;
  if (field.kind !== 'tensor')
    return new ValuesColumn(buffer, span as FieldSpan & { plan: { field: Named } });
  const { dtype } = field;
  const padded = span.variable?.padded;
  if (!fixed && padded === undefined) return new PackedColumn(buffer, span);
  const data = elementsOf(dtype, new Uint8Array(buffer, span.offset, span.lengthBytes));
  if (padded === undefined) {
    return { dtype, shape: [batchLength, ...(field.shape as readonly number[])], data };
  }
  const { length, lengths } = padded;
  return { dtype, shape: [batchLength, length, ...(field.shape.slice(1) as number[])], data, lengths };
}

type Named = BytesField | TextField | JsonField;

function demandHeld(buffer: ArrayBuffer): void {
  if (buffer.byteLength > 0) return;
  throw new ZcError('ZC_CLOSED', 'the batch was released: its data are gone', {
    advice: 'Use a batch before the next one is asked for, or `retain()` it.',
  });
}
