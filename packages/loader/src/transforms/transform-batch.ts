import type { BatchLayout, FieldSpan } from '../batches/batch-layout.js';
import { type Column, columnOf, type TensorColumn } from '../batches/columns.js';
import { RowDraws } from './row-draws.js';

/** Everything that a transform of the user's own works on, as numbers and tables: it may cross to another thread. */
export interface TransformWork {
  readonly inputs: readonly FieldSpan[];
  readonly outputs: readonly FieldSpan[];
  readonly indices: Float64Array;
  readonly positions: Float64Array;
  readonly seed: number;
  readonly epoch: number;
}

/**
 * A batch as a transform of the user's own sees it: views of the slot itself, which it may change in place. They
 * are its own until it returns, or until its promise is settled.
 */
export class TransformBatch {
  /** How many samples there are. */
  readonly length: number;
  readonly fields: Readonly<Record<string, Column>>;
  /** Which samples these are. */
  readonly indices: Float64Array;
  /** Where they stand in the job's list. */
  readonly positions: Float64Array;
  readonly seed: number;
  readonly epoch: number;
  readonly #draws: RowDraws;
  #row: number | undefined;

  constructor(buffer: ArrayBuffer, { inputs, indices, positions, seed, epoch }: TransformWork) {
    this.length = indices.length;
    this.fields = columnsOf(buffer, inputs, indices.length);
    this.indices = indices;
    this.positions = positions;
    this.seed = seed;
    this.epoch = epoch;
    this.#draws = new RowDraws({ seed, epoch });
  }

  /** The rows from 0 on, one by one: an error that is thrown meanwhile names the sample. */
  *rows(): Generator<number, void> {
    for (let row = 0; row < this.length; row++) {
      this.#row = row;
      yield row;
    }
    this.#row = undefined;
  }

  /**
   * A random number at least 0 and below 1, which depends on seed, epoch, the row's position and `purpose` (from 0
   * on) alone: the same whatever the ranks, the batch size and the prefetch.
   */
  random(row: number, purpose = 0): number {
    return this.#draws.number(this.positions[row]!, FIRST_PURPOSE + purpose);
  }

  /** The samples that an error belongs to: that of the row it was thrown at, where that is known. */
  samplesAtFault(): number[] {
    return this.#row === undefined ? [...this.indices] : [this.indices[this.#row]!];
  }
}

/** What a transform makes, to be filled: by the names of its `schema`, rows of zeros or of a former batch. */
export type TransformOutputs = Readonly<Record<string, TensorColumn>>;

export function columnsOf(
  buffer: ArrayBuffer,
  spans: readonly FieldSpan[],
  length: number,
): Record<string, Column> {
  return Object.fromEntries(spans.map((span) => [span.plan.field.name, columnOf(buffer, length, span)]));
}

/** What of a layout a transform is told. */
export function workSpans({ fields }: BatchLayout): FieldSpan[] {
  return fields.map(({ plan, offset, lengthBytes, variable }) => ({ plan, offset, lengthBytes, variable }));
}

/** Built-in transforms take the purposes below. */
const FIRST_PURPOSE = 2 ** 20;
