import { PLAN_EXTENT_NUMBERS, PLAN_HEAD_NUMBERS, PLAN_PIECE_NUMBERS } from '@zc/io';
import { doubled } from '../doubled.js';

/** A piece without a place in the slot, or without a checksum. */
export const NONE = -1;

/** Pieces that continue each other become one, up to this size: then they can still be shared among threads. */
const JOINED_BYTES_MAX = 256 * 2 ** 10;

/** How reads of rows that are near each other become one. */
export interface ExtentRules {
  /** Reads are merged up to this size; only a row may be longer. */
  readonly extentBytes: number;
  /** Bytes that nobody asked for are read along where that joins two reads, up to this many. */
  readonly bridgedBytes: number;
}

/** What a bridged gap saves is the price of one read: some 7 us, or 20 to 30 KB of a fast disk. */
export const EXTENT_RULES: ExtentRules = { extentBytes: 2 ** 20, bridgedBytes: 32 * 2 ** 10 };

export interface PlanWriterOptions {
  /** Whether pieces that continue each other may become one; then a failure names but the first row. Default true. */
  joins?: boolean;
  rules?: ExtentRules;
}

/**
 * Writes read plans, in the form that `ReadEngine.read` takes, into arrays that are used again for each batch.
 *
 * Calls come in this order: `clear`, then for each extent `beginExtent`, its pieces, `endExtent`; then `finish`.
 */
export class PlanWriter {
  readonly rules: ExtentRules;
  readonly #joins: boolean;
  #extents = new Float64Array(64 * PLAN_EXTENT_NUMBERS);
  #pieces = new Float64Array(256 * PLAN_PIECE_NUMBERS);
  #plan = new Float64Array(0);
  #extentCount = 0;
  #pieceCount = 0;
  #firstPiece = 0;

  constructor({ joins = true, rules = EXTENT_RULES }: PlanWriterOptions = {}) {
    this.rules = rules;
    this.#joins = joins;
  }

  clear(): void {
    this.#extentCount = 0;
    this.#pieceCount = 0;
  }

  get pieceCount(): number {
    return this.#pieceCount;
  }

  beginExtent(): void {
    this.#firstPiece = this.#pieceCount;
  }

  /** Ends the extent with the pieces since `beginExtent`; without any there is no extent. */
  endExtent(file: number, offset: number, length: number, way: number): void {
    if (this.#pieceCount === this.#firstPiece) return;
    const at = this.#extentCount++ * PLAN_EXTENT_NUMBERS;
    if (at === this.#extents.length) this.#extents = doubled(this.#extents);
    const extents = this.#extents;
    extents[at] = file;
    extents[at + 1] = offset;
    extents[at + 2] = length;
    extents[at + 3] = this.#firstPiece;
    extents[at + 4] = this.#pieceCount - this.#firstPiece;
    extents[at + 5] = way;
  }

  /** @param extentOffset from the start of the extent, like all of them in bytes */
  piece(extentOffset: number, length: number, slotOffset: number, crc32c: number, tag: number): void {
    const at = this.#pieceCount * PLAN_PIECE_NUMBERS;
    if (this.#joins && crc32c === NONE && this.#continues(at, extentOffset, length, slotOffset)) {
      this.#pieces[at - PLAN_PIECE_NUMBERS + 1]! += length;
      return;
    }
    this.#pieceCount++;
    if (at === this.#pieces.length) this.#pieces = doubled(this.#pieces);
    const pieces = this.#pieces;
    pieces[at] = extentOffset;
    pieces[at + 1] = length;
    pieces[at + 2] = slotOffset;
    pieces[at + 3] = crc32c;
    pieces[at + 4] = tag;
  }

  /** The plan; it holds until the next one is finished. */
  finish(): Float64Array {
    const extentNumbers = this.#extentCount * PLAN_EXTENT_NUMBERS;
    const pieceNumbers = this.#pieceCount * PLAN_PIECE_NUMBERS;
    const length = PLAN_HEAD_NUMBERS + extentNumbers + pieceNumbers;
    if (this.#plan.length < length) this.#plan = new Float64Array(2 * length);
    const plan = this.#plan.subarray(0, length);
    plan[0] = this.#extentCount;
    plan[1] = this.#pieceCount;
    plan.set(this.#extents.subarray(0, extentNumbers), PLAN_HEAD_NUMBERS);
    plan.set(this.#pieces.subarray(0, pieceNumbers), PLAN_HEAD_NUMBERS + extentNumbers);
    return plan;
  }

  /** Whether bytes that are not checked follow on the last piece, in the file and in the slot. */
  #continues(at: number, extentOffset: number, length: number, slotOffset: number): boolean {
    if (this.#pieceCount === this.#firstPiece || slotOffset === NONE) return false;
    const pieces = this.#pieces;
    const last = at - PLAN_PIECE_NUMBERS;
    const lastLength = pieces[last + 1]!;
    return (
      pieces[last + 3] === NONE &&
      pieces[last]! + lastLength === extentOffset &&
      pieces[last + 2]! + lastLength === slotOffset &&
      lastLength + length <= JOINED_BYTES_MAX
    );
  }
}
