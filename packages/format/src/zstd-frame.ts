import { ZcError } from '@zc/errors';
import { limits } from './limits.js';

/** Where a compressed row lies, for errors. */
export interface FramePlace {
  readonly name: string;
  readonly field: string;
  readonly row: number;
  /** Offset in the file. */
  readonly offset: number;
}

const MAGIC = 0xfd2fb528;
const BLOCK_BYTES_MAX = 128 * 1024;
const WINDOW_BYTES_MIN = 1024;

/**
 * Checks that a row is exactly one zstd frame as the specification's section 7.2 has it, without decoding it, and
 * gives the length of what it decodes to.
 *
 * Its blocks are followed to the end (RFC 8878, section 3.1.1), so that a frame that is cut, followed by something,
 * or too short for the length it claims is found before memory is taken for it.
 *
 * @throws ZC_FORMAT_VALUE, ZC_FORMAT_LIMIT
 */
export function frameContentBytes(frame: Uint8Array, place: FramePlace): number {
  const header = parseHeader(frame, place);
  const { contentBytes } = header;
  if (contentBytes > limits.ROW_BYTES_MAX) {
    throw new ZcError(
      'ZC_FORMAT_LIMIT',
      `row ${place.row} of field "${place.field}" decodes to ${contentBytes} bytes, above ROW_BYTES_MAX`,
      { ...details(place), expected: limits.ROW_BYTES_MAX, actual: contentBytes },
    );
  }
  const blocks = followBlocks(frame, header, place);
  if (contentBytes > blocks * BLOCK_BYTES_MAX) {
    throw refused(place, `claims ${contentBytes} bytes in ${blocks} blocks of 128 KiB at most`);
  }
  if (header.windowBytes > Math.max(contentBytes, WINDOW_BYTES_MIN)) {
    throw refused(place, `asks for a window of ${header.windowBytes} bytes to decode ${contentBytes}`);
  }
  return contentBytes;
}

/** A row that is no such frame. */
export function refused({ ...place }: FramePlace, what: string, cause?: unknown): ZcError {
  return new ZcError(
    'ZC_FORMAT_VALUE',
    `row ${place.row} of field "${place.field}" is not one zstd frame: it ${what}`,
    { ...details(place), cause },
  );
}

interface FrameHeader {
  readonly headerBytes: number;
  readonly contentBytes: number;
  readonly windowBytes: number;
  readonly hasChecksum: boolean;
}

function parseHeader(frame: Uint8Array, place: FramePlace): FrameHeader {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 6 || view.getUint32(0, true) !== MAGIC) throw refused(place, 'does not begin as one');
  const flags = frame[4]!;
  const isSingleSegment = (flags & 0x20) !== 0;
  const sizeFlag = flags >> 6;
  if ((flags & 0x08) !== 0) throw refused(place, 'sets a reserved bit');
  if ((flags & 0x03) !== 0) throw refused(place, 'needs a dictionary');
  if (sizeFlag === 0 && !isSingleSegment) throw refused(place, 'does not tell its content size');
  const sizeAt = isSingleSegment ? 5 : 6;
  const sizeBytes = sizeFlag === 0 ? 1 : 2 ** sizeFlag;
  if (frame.length < sizeAt + sizeBytes) throw refused(place, 'is cut short');
  const contentBytes = readSize(view, sizeAt, sizeBytes);
  return {
    headerBytes: sizeAt + sizeBytes,
    contentBytes,
    windowBytes: isSingleSegment ? contentBytes : windowBytesOf(frame[5]!),
    hasChecksum: (flags & 0x04) !== 0,
  };
}

function readSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}

function windowBytesOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** How many blocks the frame has; its last one, with the checksum, has to end where the row does. */
function followBlocks(
  frame: Uint8Array,
  { headerBytes, hasChecksum }: FrameHeader,
  place: FramePlace,
): number {
  let at = headerBytes;
  for (let blocks = 1; ; blocks++) {
    if (at + 3 > frame.length) throw refused(place, 'is cut short');
    const header = frame[at]! | (frame[at + 1]! << 8) | (frame[at + 2]! << 16);
    const type = (header >> 1) & 3;
    if (type === 3) throw refused(place, 'has a block of a reserved type');
    // Of a run of one byte, that byte is stored.
    at += 3 + (type === 1 ? 1 : header >> 3);
    if ((header & 1) === 0) continue;
    at += hasChecksum ? 4 : 0;
    if (at > frame.length) throw refused(place, 'is cut short');
    if (at < frame.length) throw refused(place, `is followed by ${frame.length - at} bytes`);
    return blocks;
  }
}

function details({ name, field, row, offset }: FramePlace) {
  return { path: name, offset, field, row };
}
