import { ZcError } from '@zc/errors';
import { Decompress } from 'fzstd';
import { type FramePlace, frameContentBytes, refused } from './zstd-frame.js';

/** What compresses rows; this package brings none. `@zc/io` has one. */
export interface ZstdCompressor {
  /** Name and version, as a schema records them (`codecLibrary`): `zstd 1.5.4`. */
  readonly library: string;
  /** One frame with the content's size in its header; the caller's own. */
  compress(bytes: Uint8Array, level: number): Uint8Array;
}

/**
 * Decodes a row that is one zstd frame, into fresh memory.
 *
 * @param expectedBytes - what it has to decode to, where something else than the frame tells
 * @throws ZC_FORMAT_VALUE for what is no such frame, ZC_FORMAT_LIMIT
 */
export function decodeZstd(frame: Uint8Array, place: FramePlace, expectedBytes?: number): Uint8Array {
  const contentBytes = frameContentBytes(frame, place);
  if (expectedBytes !== undefined && contentBytes !== expectedBytes) {
    throw refused(place, `claims ${contentBytes} bytes where ${expectedBytes} belong`);
  }
  const content = new Uint8Array(contentBytes);
  let length = 0;
  // Chunk by chunk, for only so can be seen how much a frame really holds.
  const decoder = new Decompress((chunk) => {
    if (length + chunk.length > contentBytes)
      throw refused(place, `decodes to more than its ${contentBytes} bytes`);
    content.set(chunk, length);
    length += chunk.length;
  });
  try {
    decoder.push(frame, true);
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    throw refused(place, `does not decode: ${(cause as Error).message}`, cause);
  }
  if (length < contentBytes) throw refused(place, `decodes to ${length} of its ${contentBytes} bytes`);
  return content;
}
