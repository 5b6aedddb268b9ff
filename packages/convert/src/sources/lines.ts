import { refuseBeyond } from '../limits.js';
import type { UnpackedFile } from './unpacked-file.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** A line without its end, which is `\n` or `\r\n`. */
export interface Line {
  readonly path: string;
  /** From 1. */
  readonly number: number;
  /** Where it begins in the unpacked file. */
  readonly offset: number;
  /** A view of what was read where it lies there in one piece, else a copy. */
  readonly content: Buffer;
  /** Of the line with its end. */
  readonly bytes: number;
  /** Bytes of the file itself, packed as it is, that were read since the line before. */
  readonly bytesRead: number;
}

/**
 * The lines of a file; the last one needs no end.
 *
 * @throws ZC_CONVERT_LIMIT for a line that is longer than a record may be; what `UnpackedFile` throws
 */
export async function* linesOf(file: UnpackedFile): AsyncGenerator<Line> {
  const { path } = file;
  let parts: Buffer[] = [];
  let partsBytes = 0;
  let number = 1;
  let offset = 0;
  const line = (end: number): Line => {
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    const content = whole.at(-1) === RETURN && end > 0 ? whole.subarray(0, -1) : whole;
    const bytes = whole.length + end;
    const made = { path, number, offset, content, bytes, bytesRead: file.takeBytesRead() };
    number++;
    offset += bytes;
    parts = [];
    partsBytes = 0;
    return made;
  };
  for await (const chunk of file) {
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(NEWLINE, at);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end);
      parts.push(part);
      partsBytes += part.length;
      refuseBeyond('RECORD_BYTES_MAX', partsBytes, `the length of line ${number}`, { path, offset });
      if (end < 0) break;
      yield line(1);
      at = end + 1;
    }
  }
  if (partsBytes > 0) yield line(0);
}

/** Whether bytes look like text: UTF-8 without control characters but those that lay text out. */
export function isText(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false;
  // As of a stream: the last character may have been cut where the looking ended.
  const text = new TextDecoder('utf-8').decode(bytes, { stream: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text);
}
