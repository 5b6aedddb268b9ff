/** Rows of a small region that is held in memory, and where they go. */
interface SmallRows {
  /** The whole region. */
  from: Uint8Array;
  rowBytes: number;
  rows: Float64Array;
  positions: Uint32Array;
  first: number;
  end: number;
  buffer: ArrayBuffer;
  /** Where the field begins in the slot. */
  slotOffset: number;
}

/**
 * Copies tiny rows, labels above all: a piece of a plan for each would cost more than the copy.
 *
 * Word by word, as unsigned integers: a copy as floating-point numbers may change the bits of a NaN.
 */
export function copySmallRows(small: SmallRows): void {
  const { from, rowBytes, rows, positions, first, end, buffer, slotOffset } = small;
  const wordBytes = rowBytes % 4 === 0 && from.byteOffset % 4 === 0 ? 4 : 1;
  const words = rowBytes / wordBytes;
  const source = wordBytes === 4 ? new Uint32Array(from.buffer, from.byteOffset, from.length / 4) : from;
  const length = (buffer.byteLength - slotOffset - (buffer.byteLength % wordBytes)) / wordBytes;
  const target =
    wordBytes === 4 ? new Uint32Array(buffer, slotOffset, length) : new Uint8Array(buffer, slotOffset);
  for (let i = first; i < end; i++) {
    const row = rows[i]! * words;
    const place = positions[i]! * words;
    for (let word = 0; word < words; word++) target[place + word] = source[row + word]!;
  }
}
