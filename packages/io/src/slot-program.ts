import { ZcError } from '@zc/errors';
import { nativeAddon } from './native-addon.js';
import { ZeroCopyBuffer } from './zero-copy-buffer.js';

/** The number of each element type in a program. `bool` is moved as `uint8`, `complex64` as `uint64`. */
export const ELEMENT_TYPES = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  uint64: 6,
  int64: 7,
  float16: 8,
  bfloat16: 9,
  float32: 10,
  float64: 11,
} as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

/** Rows of one shape in a slot. Offsets and sizes are bytes; offsets count from the slot's start. */
export interface SlotRows {
  offset: number;
  /** From the start of one row to that of the next. */
  rowBytes: number;
  type: ElementType;
  /** Whether a row's channels are its innermost dimension (`last`) or its outermost (`first`). */
  channelOrder: 'last' | 'first';
  height: number;
  width: number;
}

/**
 * Moves rows of pixels to another place in the slot: cut out, mirrored, with channels first, and made into
 * float32 with a factor and an offset a channel, all in one pass.
 */
export interface AffineStep {
  kind: 'affine';
  source: SlotRows;
  /** Its type is `float32` or the source's; channels do not go from first to last. */
  target: SlotRows;
  /** `target = source * scale + bias`; `fill` where the source has no such pixel. One entry a channel. */
  channels: readonly { scale: number; bias: number; fill: number }[];
  /** Three numbers a row: the source's line and column that come first, and 1 to mirror the result, else 0. */
  places: Float64Array;
}

/** Sets a part of each row to one element, again and again. */
export interface FillStep {
  kind: 'fill';
  offset: number;
  rowBytes: number;
  /** The element's bytes: 1, 2, 4 or 8 of them. */
  element: Uint8Array;
  /** Two numbers a row: where the part begins and where it ends, in bytes from the row's start. */
  ranges: Float64Array;
}

/** Fails unless each of these bytes is 0 or 1. */
export interface BoolStep {
  kind: 'bool';
  offset: number;
  length: number;
}

/**
 * Decodes rows that are one zstd frame each to another part of the slot. Each has to be exactly one frame, without
 * a dictionary, of as many bytes as its place has: that is checked before a byte of it is written.
 */
export interface ZstdStep {
  kind: 'zstd';
  /**
   * Four numbers a row: where its frame begins, the frame's length, where the row goes, and its length. The frames
   * ascend and do not overlap, nor do the rows, and the two parts of the slot are apart.
   */
  places: Float64Array;
}

export type SlotStep = AffineStep | FillStep | BoolStep | ZstdStep;

/**
 * Works on the bytes of a slot, on threads of the native core: one step after the other, the rows of each shared
 * among the processor's cores.
 *
 * The steps are taken over and checked before this returns. The slot is not reused before they have ended, even
 * where its lease ends first. After an error the slot holds some of the results.
 *
 * @throws ZC_ARGUMENT for steps that do not fit the slot or themselves, before anything is done, and for a byte
 *   that is no bool or a frame that is none, with its place in the slot as `offset`; ZC_IO_MEMORY; ZC_IO_CLOSED
 */
export async function runSlotSteps(target: ZeroCopyBuffer, steps: readonly SlotStep[]): Promise<void> {
  await nativeAddon().runSlotProgram(ZeroCopyBuffer.native(target), encodeSlotSteps(steps));
}

const KINDS = { affine: 1, fill: 2, bool: 3, zstd: 4 } as const;

/** The flat form that the native side takes: the kind of each step and its numbers, one step after the other. */
function encodeSlotSteps(steps: readonly SlotStep[]): Float64Array {
  const parts = steps.map((step) => encodeStep(step));
  const program = new Float64Array(parts.reduce((sum, { head, rows }) => sum + head.length + rows.length, 0));
  let at = 0;
  for (const { head, rows } of parts) {
    program.set(head, at);
    program.set(rows, at + head.length);
    at += head.length + rows.length;
  }
  return program;
}

function encodeStep(step: SlotStep): { head: number[]; rows: Float64Array } {
  const kind = KINDS[step.kind];
  switch (step.kind) {
    case 'affine': {
      const { source, target, channels, places } = step;
      const factors = channels.flatMap(({ scale, bias, fill }) => [scale, bias, fill]);
      const head = [kind, places.length / 3, ...rowNumbers(source), ...rowNumbers(target), channels.length];
      return { head: [...head, ...factors], rows: places };
    }
    case 'fill': {
      const { offset, rowBytes, element, ranges } = step;
      const padded = new Uint8Array(8);
      padded.set(element);
      const halves = new Uint32Array(padded.buffer);
      const head = [kind, ranges.length / 2, offset, rowBytes, element.length, halves[0]!, halves[1]!];
      return { head, rows: ranges };
    }
    case 'bool':
      return { head: [kind, step.offset, step.length], rows: NO_ROWS };
    case 'zstd':
      return { head: [kind, step.places.length / 4], rows: step.places };
    default:
      throw new ZcError('ZC_ARGUMENT', `there is no step of kind ${(step as { kind: string }).kind}`);
  }
}

function rowNumbers({ offset, rowBytes, type, channelOrder, height, width }: SlotRows): number[] {
  return [offset, rowBytes, ELEMENT_TYPES[type], channelOrder === 'first' ? 1 : 0, height, width];
}

const NO_ROWS = new Float64Array(0);
