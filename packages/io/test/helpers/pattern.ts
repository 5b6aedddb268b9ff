import { writeFileSync } from 'node:fs';

/** Bytes that differ from place to place, so that a wrong offset shows. */
export function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    words[i] = state ^ (state >>> 15);
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** Writes a file of pattern bytes, and gives them back. */
export function writePattern(path: string, length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = pattern(length, seed);
  writeFileSync(path, bytes);
  return bytes;
}
