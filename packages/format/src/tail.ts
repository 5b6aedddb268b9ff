import { ZcError } from '@zc/errors';
import { BLOCK_BYTES, hex32 } from './block.js';
import { crc32c } from './crc32c.js';
import { HEAD_BYTES, hasHeadMagic } from './head.js';
import { refuseAbove } from './limits.js';
import { readU64, writeU64 } from './u64.js';

/** Length of the tail. */
export const TAIL_BYTES = 64;

/** No shard is shorter: a head and a tail. */
export const SHARD_BYTES_MIN = HEAD_BYTES + TAIL_BYTES;

const CRC_AT = 52;
const MAGIC_AT = 56;
const MAGIC = Uint8Array.of(0x5a, 0x43, 0x53, 0x45, 0x4e, 0x44, 0x0d, 0x0a);

/** What the tail of a shard says (specification, section 4). */
export interface Tail {
  readonly footerOffset: number;
  readonly footerBytes: number;
  readonly fileBytes: number;
  readonly footerCrc: number;
  readonly headCrc: number;
  /** 16 bytes, a copy. */
  readonly uuid: Uint8Array;
}

/** The 64 bytes that end a shard (specification, section 4). */
export function encodeTail(tail: Tail): Uint8Array {
  const bytes = new Uint8Array(TAIL_BYTES);
  const view = new DataView(bytes.buffer);
  writeU64(view, 0, tail.footerOffset);
  writeU64(view, 8, tail.footerBytes);
  writeU64(view, 16, tail.fileBytes);
  view.setUint32(24, tail.footerCrc, true);
  view.setUint32(28, tail.headCrc, true);
  bytes.set(tail.uuid, 32);
  view.setUint32(CRC_AT, crc32c(bytes.subarray(0, CRC_AT)), true);
  bytes.set(MAGIC, MAGIC_AT);
  return bytes;
}

/**
 * Reads the last 64 bytes of a shard and checks them against the file's real length.
 *
 * With the head's bytes at hand, a shard that was cut is told from a file that never was one.
 *
 * @throws ZC_FORMAT_TRUNCATED, ZC_FORMAT_BAD_MAGIC, ZC_FORMAT_CHECKSUM, ZC_FORMAT_FOOTER, ZC_FORMAT_LIMIT
 */
export function parseTail(bytes: Uint8Array, fileBytes: number, name: string, headBytes?: Uint8Array): Tail {
  const offset = fileBytes - TAIL_BYTES;
  checkLength(fileBytes, name);
  if (bytes.length !== TAIL_BYTES) {
    throw new ZcError('ZC_FORMAT_TRUNCATED', `the tail has ${bytes.length} bytes, expected ${TAIL_BYTES}`, {
      path: name,
      offset,
      expected: TAIL_BYTES,
      actual: bytes.length,
    });
  }
  if (!MAGIC.every((byte, i) => bytes[MAGIC_AT + i] === byte)) {
    const isShard = headBytes === undefined || hasHeadMagic(headBytes);
    throw isShard
      ? new ZcError('ZC_FORMAT_TRUNCATED', 'the file does not end as a shard does', {
          path: name,
          offset: offset + MAGIC_AT,
        })
      : new ZcError('ZC_FORMAT_BAD_MAGIC', 'the file neither begins nor ends as a shard does', {
          path: name,
          offset: 0,
        });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, TAIL_BYTES);
  const crc = crc32c(bytes.subarray(0, CRC_AT));
  const expected = view.getUint32(CRC_AT, true);
  if (crc !== expected) {
    throw new ZcError(
      'ZC_FORMAT_CHECKSUM',
      `the tail has CRC32C ${hex32(crc)}, expected ${hex32(expected)}`,
      { path: name, offset, expected, actual: crc },
    );
  }
  const place = { name, offset };
  const tail: Tail = {
    footerOffset: readU64(view, 0, 'the offset of the footer', place),
    footerBytes: readU64(view, 8, 'the length of the footer', place),
    fileBytes: readU64(view, 16, 'the length of the file', place),
    footerCrc: view.getUint32(24, true),
    headCrc: view.getUint32(28, true),
    uuid: bytes.slice(32, 48),
  };
  checkAgainstFile(tail, fileBytes, name);
  return tail;
}

function checkLength(fileBytes: number, name: string): void {
  if (fileBytes < SHARD_BYTES_MIN) {
    throw new ZcError(
      'ZC_FORMAT_TRUNCATED',
      `the file has ${fileBytes} bytes, a shard has ${SHARD_BYTES_MIN} or more`,
      {
        path: name,
        offset: 0,
        expected: SHARD_BYTES_MIN,
        actual: fileBytes,
        advice: 'It is no shard, or one whose writing or copying was cut short.',
      },
    );
  }
  refuseAbove('FILE_BYTES_MAX', fileBytes, 'the length of the file', { path: name });
}

function checkAgainstFile(tail: Tail, fileBytes: number, name: string): void {
  const offset = fileBytes - TAIL_BYTES;
  const { footerOffset, footerBytes } = tail;
  if (tail.fileBytes !== fileBytes) {
    const code = tail.fileBytes > fileBytes ? 'ZC_FORMAT_TRUNCATED' : 'ZC_FORMAT_FOOTER';
    throw new ZcError(code, `the file has ${fileBytes} bytes, its tail says ${tail.fileBytes}`, {
      path: name,
      offset: offset + 16,
      expected: tail.fileBytes,
      actual: fileBytes,
    });
  }
  refuseAbove('FOOTER_BYTES_MAX', footerBytes, 'the length of the footer', {
    path: name,
    offset: offset + 8,
  });
  const endsFile = footerOffset + footerBytes + TAIL_BYTES === fileBytes;
  if (!endsFile || footerOffset < HEAD_BYTES || footerOffset % BLOCK_BYTES !== 0) {
    throw new ZcError(
      'ZC_FORMAT_FOOTER',
      `the footer is said to lie at ${footerOffset} with ${footerBytes} bytes; it must begin at a multiple ` +
        `of ${BLOCK_BYTES} behind the head and end at ${offset}`,
      { path: name, offset, expected: offset, actual: footerOffset + footerBytes },
    );
  }
}
