import { dtypes, type FieldLayout } from '@zc/format';
import type { ViewArray } from '@zc/io';
import type { ShardBytes } from './shard-bytes.js';

/**
 * Makes the values of one field of a shard straight from its bytes, where rows are dense tensors that need neither
 * decoding nor a look at their elements. It checks nothing: for rows that were found right before.
 *
 * The values are those of `decodeRow`, but for the shape, which all of them share and nobody can change.
 */
export class ViewMaker {
  readonly #array: ViewArray;
  readonly #regionOffset: number;
  readonly #rowBytes: number;
  /** Of the array, in a row. */
  readonly #elements: number;
  readonly #dtype: string;
  /** Nothing where the rows are scalars. */
  readonly #shape: readonly number[] | undefined;

  /** Nothing for a field whose rows are of another kind. */
  static of(layout: FieldLayout): ViewMaker | undefined {
    const { field, fixed } = layout;
    if (!fixed || field.kind !== 'tensor' || field.codec !== 'none' || field.dtype === 'bool')
      return undefined;
    const isScalar = field.shape.length === 0;
    const numbers = dtypes[field.dtype];
    const isPlain = field.dtype !== 'float16' && field.dtype !== 'bfloat16' && numbers.lanes === 1;
    return isScalar && !isPlain ? undefined : new ViewMaker(layout);
  }

  private constructor({ field, region, rowBytes }: FieldLayout) {
    if (field.kind !== 'tensor') throw new TypeError(`a ${field.kind} field has no dtype`);
    this.#array = dtypes[field.dtype].array;
    this.#regionOffset = region.offset;
    this.#rowBytes = rowBytes;
    this.#elements = rowBytes / this.#array.BYTES_PER_ELEMENT;
    this.#dtype = field.dtype;
    this.#shape =
      field.shape.length === 0 ? undefined : Object.freeze(field.shape.map((extent) => extent ?? 0));
  }

  at(row: number, file: ShardBytes): unknown {
    const data = file.viewAs(this.#array, this.#regionOffset + row * this.#rowBytes, this.#elements);
    return this.#shape === undefined ? data[0] : { dtype: this.#dtype, shape: this.#shape, data };
  }
}
