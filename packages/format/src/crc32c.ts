/** Slices: bytes that one turn of the loop consumes. */
const SLICES = 16;

/** The Castagnoli polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

/** Shorter inputs do not pay for a view of words. */
const WORDS_MIN_BYTES = 64;

/**
 * CRC32C (specification, section 1) in plain JavaScript, 16 bytes a turn.
 *
 * `seed` is the CRC of what came before: `crc32c(b, crc32c(a))` is the CRC of `a` followed by `b`.
 * Where a faster one is at hand (`@zc/io` has the processor's), inject it through `Digests`.
 *
 * @example crc32c(new TextEncoder().encode('123456789')) === 0xe3069283
 */
export function crc32c(data: Uint8Array, seed = 0): number {
  const table = tables();
  let crc = ~seed;
  let at = 0;
  const end = data.length;
  if (end >= WORDS_MIN_BYTES) {
    while ((data.byteOffset + at) % 4 !== 0) crc = (crc >>> 8) ^ table[(crc ^ data[at++]!) & 0xff]!;
    const words = new Int32Array(data.buffer, data.byteOffset + at, ((end - at) >>> 4) << 2);
    crc = foldWords(table, words, crc);
    at += words.byteLength;
  }
  while (at < end) crc = (crc >>> 8) ^ table[(crc ^ data[at++]!) & 0xff]!;
  return ~crc >>> 0;
}

function foldWords(t: Int32Array, words: Int32Array, seed: number): number {
  let crc = seed;
  for (let i = 0; i < words.length; i += 4) {
    const a = crc ^ words[i]!;
    const b = words[i + 1]!;
    const c = words[i + 2]!;
    const d = words[i + 3]!;
    crc =
      t[0xf00 | (a & 0xff)]! ^
      t[0xe00 | ((a >>> 8) & 0xff)]! ^
      t[0xd00 | ((a >>> 16) & 0xff)]! ^
      t[0xc00 | (a >>> 24)]! ^
      t[0xb00 | (b & 0xff)]! ^
      t[0xa00 | ((b >>> 8) & 0xff)]! ^
      t[0x900 | ((b >>> 16) & 0xff)]! ^
      t[0x800 | (b >>> 24)]! ^
      t[0x700 | (c & 0xff)]! ^
      t[0x600 | ((c >>> 8) & 0xff)]! ^
      t[0x500 | ((c >>> 16) & 0xff)]! ^
      t[0x400 | (c >>> 24)]! ^
      t[0x300 | (d & 0xff)]! ^
      t[0x200 | ((d >>> 8) & 0xff)]! ^
      t[0x100 | ((d >>> 16) & 0xff)]! ^
      t[d >>> 24]!;
  }
  return crc;
}

let made: Int32Array | undefined;

/** Entry `256 * s + b`: what byte `b` adds to the CRC when `s` bytes follow it. Made on first use. */
function tables(): Int32Array {
  if (made) return made;
  const table = new Int32Array(256 * SLICES);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256]!;
    table[i] = (before >>> 8) ^ table[before & 0xff]!;
  }
  made = table;
  return table;
}
