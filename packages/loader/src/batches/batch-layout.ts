import { BLOCK_BYTES, type FieldPlan } from '@zc/format';
import { roundUp } from '../pages.js';
import type { PaddedRows } from './padding.js';

/** Where one field of a batch lies in its slot. Offsets are bytes from the slot's start. */
export interface FieldSpan {
  readonly plan: FieldPlan;
  /** A multiple of 4096: the rows, back to back. */
  readonly offset: number;
  readonly lengthBytes: number;
  /** What a field of variable rows has besides. */
  readonly variable?: VariableSpan | undefined;
  /** Where the rows lie as they were read, and what they were, where transforms put other ones here. */
  readonly raw?: { readonly plan: FieldPlan; readonly offset: number } | undefined;
  /** Where the rows are read as they are stored, where that is compressed. */
  readonly frames?: FrameSpan | undefined;
}

/** The frames of a compressed field, back to back in the order of the batch. */
export interface FrameSpan {
  /** Where they begin in the slot: a multiple of 4096. */
  readonly offset: number;
  /** One more than there are rows: where each frame begins, in bytes from there. */
  readonly offsets: Float64Array;
}

/** Where the tables of a field of variable rows lie in the slot, and what they hold. */
export interface VariableSpan {
  /** One more than there are rows: where each row begins, in elements. */
  readonly offsets: Int32Array | Float64Array;
  /** Where the same offsets lie in the slot, as int64; of a padded field the lengths of its rows lie there. */
  readonly offsetsAt: number;
  /** The ragged dimensions row by row, where the field stores them. */
  readonly dims: Float64Array | undefined;
  /** Where they lie in the slot, as int64. */
  readonly dimsAt: number;
  /** What a padded field has instead of rows that are back to back. */
  readonly padded?: PaddedRows | undefined;
}

/** How a batch lies in its slot: the fields one behind the other, each on pages of its own, then the ids. */
export interface BatchLayout {
  readonly fields: readonly FieldSpan[];
  /** Where the ids of the samples lie, as int64. */
  readonly indicesAt: number;
  readonly lengthBytes: number;
}

/** What the lengths of variable rows are, in the order of the batch. */
export interface VariableRows {
  offsets: Int32Array | Float64Array;
  dims: Float64Array | undefined;
  padded?: PaddedRows | undefined;
}

/** @param variable for each field in turn, where its rows are variable */
export function layOut(
  plans: readonly FieldPlan[],
  length: number,
  variable: readonly (VariableRows | undefined)[],
): BatchLayout {
  let end = 0;
  const fields = plans.map((plan, i): FieldSpan => {
    const offset = roundUp(end, BLOCK_BYTES);
    const rows = variable[i];
    if (rows === undefined) {
      const lengthBytes = length * plan.rowBytes;
      end = offset + lengthBytes;
      return { plan, offset, lengthBytes };
    }
    const { offsets, dims, padded } = rows;
    const lengthBytes =
      padded === undefined ? offsets[length]! * plan.elementBytes : padded.length * plan.stepBytes * length;
    const offsetsAt = roundUp(offset + lengthBytes, 8);
    const dimsAt = offsetsAt + (length + 1) * 8;
    end = dimsAt + (dims?.length ?? 0) * 8;
    return { plan, offset, lengthBytes, variable: { offsets, offsetsAt, dims, dimsAt, padded } };
  });
  const indicesAt = roundUp(end, 8);
  return { fields, indicesAt, lengthBytes: indicesAt + length * 8 };
}

/**
 * The layout with places for frames behind everything else.
 *
 * @param frames of each field in turn where it is compressed: see `FrameSpan.offsets`
 */
export function withFrames(layout: BatchLayout, frames: readonly (Float64Array | undefined)[]): BatchLayout {
  let end = layout.lengthBytes;
  const fields = layout.fields.map((span, i): FieldSpan => {
    const offsets = frames[i];
    if (offsets === undefined) return span;
    const offset = roundUp(end, BLOCK_BYTES);
    end = offset + offsets.at(-1)!;
    return { ...span, frames: { offset, offsets } };
  });
  return { ...layout, fields, lengthBytes: end };
}

/** Writes the numbers that other processes read beside the rows: offsets, dimensions and ids, as int64. */
export function writeNumbers(
  buffer: ArrayBuffer,
  { fields, indicesAt }: BatchLayout,
  ids: Float64Array,
): void {
  writeInt64s(buffer, indicesAt, ids);
  for (const { variable } of fields) {
    if (variable === undefined) continue;
    writeInt64s(buffer, variable.offsetsAt, variable.padded?.lengths ?? variable.offsets);
    if (variable.dims !== undefined) writeInt64s(buffer, variable.dimsAt, variable.dims);
  }
}

/** In halves: a BigInt a number would be garbage. The machine is little-endian, as the format is. */
function writeInt64s(buffer: ArrayBuffer, at: number, numbers: ArrayLike<number>): void {
  const words = new Uint32Array(buffer, at, numbers.length * 2);
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    words[2 * i] = number;
    words[2 * i + 1] = number / 2 ** 32;
  }
}
