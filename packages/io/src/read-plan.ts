/**
 * How an extent is read.
 *
 * - `auto-direct`: what is in the page cache is copied from there, the rest is read from the device itself.
 * - `auto-buffered`: the same, but the rest is read through the page cache.
 * - `mapped-copy`: copied from the file's map; for what is known to be resident.
 * - `direct`: from the device (O_DIRECT); where that is refused for the file, through the page cache.
 * - `buffered`: through the page cache.
 */
export type ReadWay = 'auto-direct' | 'auto-buffered' | 'mapped-copy' | 'direct' | 'buffered';

/** The number of each way in a plan. */
export const READ_WAYS: Readonly<Record<ReadWay, number>> = {
  'auto-direct': 0,
  'auto-buffered': 1,
  'mapped-copy': 2,
  direct: 3,
  buffered: 4,
};

/** A run of bytes of a file, read at once. */
export interface ReadExtent {
  /** From `ReadEngine.openFile`. */
  file: number;
  offset: number;
  length: number;
  way: ReadWay;
  pieces: readonly ReadPiece[];
}

/** A part of an extent that goes to one place in the slot. */
export interface ReadPiece {
  /** Bytes from the start of the extent. */
  extentOffset: number;
  length: number;
  /** Where in the slot; left out, the bytes are checked only. */
  slotOffset?: number;
  /** What their CRC32C must be; left out, it is not checked. */
  crc32c?: number;
  /** A number that an error of this piece carries, such as the sample's. */
  tag?: number;
}

export const PLAN_HEAD_NUMBERS = 2;
export const PLAN_EXTENT_NUMBERS = 6;
export const PLAN_PIECE_NUMBERS = 5;

/**
 * Writes a read plan into the flat form that `ReadEngine.read` takes.
 *
 * The form is `[extents, pieces, ...6 numbers an extent, ...5 numbers a piece]`: file, offset, length, first
 * piece, pieces, way; and offset in the extent, length, offset in the slot (-1: none), CRC32C (-1: not
 * checked), tag. Who plans thousands of rows a batch writes it directly.
 *
 * @example
 * encodeReadPlan([{ file, offset: 4096, length: 8192, way: 'auto-direct',
 *                   pieces: [{ extentOffset: 0, length: 8192, slotOffset: 0 }] }])
 */
export function encodeReadPlan(extents: readonly ReadExtent[]): Float64Array<ArrayBuffer> {
  const pieceCount = extents.reduce((sum, { pieces }) => sum + pieces.length, 0);
  const piecesStart = PLAN_HEAD_NUMBERS + extents.length * PLAN_EXTENT_NUMBERS;
  const plan = new Float64Array(piecesStart + pieceCount * PLAN_PIECE_NUMBERS);
  plan.set([extents.length, pieceCount]);
  let firstPiece = 0;
  extents.forEach(({ file, offset, length, way, pieces }, i) => {
    const extent = [file, offset, length, firstPiece, pieces.length, READ_WAYS[way]];
    plan.set(extent, PLAN_HEAD_NUMBERS + i * PLAN_EXTENT_NUMBERS);
    for (const { extentOffset, length, slotOffset = -1, crc32c = -1, tag = 0 } of pieces) {
      plan.set(
        [extentOffset, length, slotOffset, crc32c, tag],
        piecesStart + firstPiece * PLAN_PIECE_NUMBERS,
      );
      firstPiece++;
    }
  });
  return plan;
}
