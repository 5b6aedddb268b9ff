import { ZcError } from '@zc/errors';
import {
  type Dtype,
  dtypes,
  type FieldPlan,
  numberToHalf,
  type TensorField,
  type TypedArray,
} from '@zc/format';
import type { FillStep } from '@zc/io';
import type { OptionRule } from '../options.js';
import { roundUp } from '../pages.js';

/** How the rows of a ragged field are made equally long, in the words of PyTorch's `pad_sequence`. */
export interface PadOptions {
  /** What fills the rest of a row; 0. */
  value?: number | bigint | undefined;
  /** The length of every row; by default that of the batch's longest one. A longer row is an error. */
  length?: number | undefined;
  /** The length is rounded up to a multiple of this; 1. */
  multipleOf?: number | undefined;
  /** Which side of a short row is filled; `right`. */
  side?: 'left' | 'right' | undefined;
}

/** For each field that is to be padded, how; `true` for all defaults. */
export type PadFields = Readonly<Record<string, true | PadOptions>>;

export const padFields: OptionRule = {
  words: 'a record of fields, each true or { value, length, multipleOf, side }',
  allows: (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((pad) => pad === true || isPadOptions(pad)),
};

/** Where the rows of a padded field lie in the batch, as one tensor. */
export interface PaddedRows {
  /** The first extent of every row. */
  readonly length: number;
  /** Of each row, how much of that is its own. */
  readonly lengths: Int32Array;
  /** Where the own part of each row begins, in elements from the field's start. */
  readonly starts: Float64Array;
}

/** How one field is padded. */
export class Padding {
  readonly #plan: FieldPlan;
  readonly #options: PadOptions;

  /** @throws ZC_ARGUMENT for a field that is not ragged in its first dimension alone, or a value it cannot have */
  constructor(plan: FieldPlan, options: true | PadOptions) {
    const { field, raggedDims } = plan;
    if (field.kind !== 'tensor' || raggedDims.length !== 1 || raggedDims[0] !== 0) {
      throw new ZcError('ZC_ARGUMENT', `field "${field.name}" cannot be padded: ${shapeWords(plan)}`, {
        expected: 'a tensor whose first dimension alone differs from sample to sample',
        advice: 'Leave it packed, or store it with the ragged dimension first.',
      });
    }
    this.#plan = plan;
    this.#options = options === true ? {} : options;
  }

  /**
   * @param elements of each row
   * @param idOf names a row in the error
   * @throws ZC_FORMAT_VALUE for a row that is longer than every row is to be
   */
  place(elements: Float64Array, idOf: (row: number) => number): PaddedRows {
    const { field, stepBytes, elementBytes } = this.#plan;
    const { length: wanted, multipleOf = 1, side = 'right' } = this.#options;
    const perStep = stepBytes / elementBytes;
    const lengths = Int32Array.from(elements, (count) => count / perStep);
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    const length = roundUp(wanted ?? longest, multipleOf);
    if (longest > length) {
      const sample = idOf(lengths.indexOf(longest));
      throw new ZcError(
        'ZC_FORMAT_VALUE',
        `field "${field.name}" of sample ${sample} is longer than its padding`,
        {
          expected: length,
          actual: longest,
          advice:
            'Raise `length` of the padding, or leave it out: then the longest row of each batch decides.',
          sample,
        },
      );
    }
    const starts = Float64Array.from(
      lengths,
      (own, row) => (row * length + (side === 'left' ? length - own : 0)) * perStep,
    );
    return { length, lengths, starts };
  }

  /**
   * What sets the padding of rows that lie at `offset` of a slot; nothing where there is none.
   *
   * @param as the plan of the rows, where transforms have changed their dtype, and another value
   */
  fill(
    offset: number,
    { length, lengths }: PaddedRows,
    { plan: { field, stepBytes } = this.#plan, value = this.#value } = {},
  ): FillStep | undefined {
    if (lengths.every((own) => own === length)) return undefined;
    const rowBytes = length * stepBytes;
    const ranges = new Float64Array(2 * lengths.length);
    lengths.forEach((own, row) => {
      const ownBytes = own * stepBytes;
      const left = this.#options.side === 'left';
      ranges[2 * row] = left ? 0 : ownBytes;
      ranges[2 * row + 1] = left ? rowBytes - ownBytes : rowBytes;
    });
    const element = elementOf(field as TensorField, value);
    return { kind: 'fill', offset, rowBytes, element, ranges };
  }

  /**
   * @param plan of the rows as batches have them
   * @throws ZC_ARGUMENT where its dtype does not have the value that rows are padded with
   */
  checkValue({ field }: FieldPlan): void {
    elementOf(field as TensorField, this.#value);
  }

  get #value(): number | bigint {
    return this.#options.value ?? 0;
  }
}

/** The bytes of one element. */
function elementOf({ name, dtype }: TensorField, value: number | bigint): Uint8Array {
  const { array, lanes } = dtypes[dtype];
  const one: TypedArray = new array(lanes);
  if (one instanceof BigInt64Array || one instanceof BigUint64Array) {
    if (Number.isInteger(Number(value))) one[0] = BigInt(value);
  } else {
    one[0] = dtype === 'float16' || dtype === 'bfloat16' ? numberToHalf(dtype, Number(value)) : Number(value);
  }
  // The array has wrapped around what it has no room for. A bool has room for a byte.
  const same = dtype === 'bool' ? value === 0 || value === 1 : Number(one[0]) === Number(value);
  if (isWhole(dtype) && !same) {
    throw new ZcError('ZC_ARGUMENT', `field "${name}" is ${dtype} and cannot be padded with ${value}`, {
      actual: value,
    });
  }
  return new Uint8Array(one.buffer);
}

function isWhole(dtype: Dtype): boolean {
  return dtype === 'bool' || dtype.startsWith('int') || dtype.startsWith('uint');
}

function shapeWords({ field, fixed }: FieldPlan): string {
  if (field.kind !== 'tensor') return `it is ${field.kind}`;
  return `its shape is [${field.shape.join(', ')}]${fixed ? ', the same for every sample' : ''}`;
}

function isPadOptions(pad: unknown): boolean {
  if (typeof pad !== 'object' || pad === null) return false;
  const { value, length, multipleOf, side, ...others } = pad as PadOptions;
  const wholeFrom = (least: number, number: number | undefined) =>
    number === undefined || (Number.isSafeInteger(number) && number >= least);
  return (
    Object.keys(others).length === 0 &&
    (value === undefined || typeof value === 'number' || typeof value === 'bigint') &&
    wholeFrom(0, length) &&
    wholeFrom(1, multipleOf) &&
    (side === undefined || side === 'left' || side === 'right')
  );
}
