import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { type Footer, parseFooter, parseTail } from '@zc/format';

/** The footer of a shard, for where its parts lie. */
export function footerOf(path: string): Footer {
  const bytes = readFileSync(path);
  const tail = parseTail(bytes.subarray(-64), bytes.length, path);
  return parseFooter(bytes.subarray(tail.footerOffset, tail.footerOffset + tail.footerBytes), tail, path);
}

/** Changes the lowest bit of a byte, in place: who has the file open sees it. */
export function flipByte(path: string, offset: number): void {
  const file = openSync(path, 'r+');
  const byte = new Uint8Array(1);
  readSync(file, byte, 0, 1, offset);
  byte[0]! ^= 1;
  writeSync(file, byte, 0, 1, offset);
  closeSync(file);
}
