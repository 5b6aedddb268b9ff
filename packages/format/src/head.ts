import { ZcError } from '@zc/errors';
import { BLOCK_BYTES, hex32 } from './block.js';
import { crc32c } from './crc32c.js';

/** Length of the head. */
export const HEAD_BYTES = BLOCK_BYTES;

/** The version this code writes; it reads every minor version of the same major one. */
export const FORMAT_VERSION = [1, 0] as const;

const MAGIC = Uint8Array.of(0x8a, 0x5a, 0x43, 0x53, 0x0d, 0x0a, 0x1a, 0x0a);

/** What the head of a shard says (specification, section 3). */
export interface Head {
  readonly version: readonly [major: number, minor: number];
  readonly mayIgnoreFlags: number;
}

/** The head of every shard of this version. */
export function encodeHead(): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  head.set(MAGIC);
  view.setUint16(8, FORMAT_VERSION[0], true);
  view.setUint16(10, FORMAT_VERSION[1], true);
  view.setUint32(20, HEAD_BYTES, true);
  return head;
}

/** Whether a file begins as a shard does. */
export function hasHeadMagic(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads the first 4096 bytes of a shard, and checks them against the checksum in its tail where that is given.
 *
 * @throws ZC_FORMAT_BAD_MAGIC, ZC_FORMAT_VERSION, ZC_FORMAT_FLAGS, ZC_FORMAT_HEAD, ZC_FORMAT_CHECKSUM
 */
export function parseHead(
  bytes: Uint8Array,
  tail: { readonly headCrc: number } | undefined,
  name: string,
): Head {
  if (bytes.length !== HEAD_BYTES) {
    throw new ZcError('ZC_FORMAT_TRUNCATED', `the head has ${bytes.length} bytes, expected ${HEAD_BYTES}`, {
      path: name,
      offset: 0,
      expected: HEAD_BYTES,
      actual: bytes.length,
    });
  }
  if (!hasHeadMagic(bytes)) {
    throw new ZcError('ZC_FORMAT_BAD_MAGIC', 'the file does not begin with the magic of a shard', {
      path: name,
      offset: 0,
      expected: hexOf(MAGIC),
      actual: hexOf(bytes.subarray(0, MAGIC.length)),
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const major = view.getUint16(8, true);
  const minor = view.getUint16(10, true);
  if (major !== FORMAT_VERSION[0]) {
    throw new ZcError('ZC_FORMAT_VERSION', `the shard has version ${major}.${minor}, this reader knows 1.x`, {
      path: name,
      offset: 8,
      expected: FORMAT_VERSION[0],
      actual: major,
    });
  }
  const mustUnderstand = view.getUint32(12, true);
  if (mustUnderstand !== 0) {
    throw new ZcError('ZC_FORMAT_FLAGS', `must-understand flags ${hex32(mustUnderstand)} are set`, {
      path: name,
      offset: 12,
      expected: 0,
      actual: mustUnderstand,
    });
  }
  const headBytes = view.getUint32(20, true);
  if (headBytes !== HEAD_BYTES) {
    throw new ZcError('ZC_FORMAT_HEAD', `the head says it has ${headBytes} bytes, expected ${HEAD_BYTES}`, {
      path: name,
      offset: 20,
      expected: HEAD_BYTES,
      actual: headBytes,
    });
  }
  const crc = crc32c(bytes);
  if (tail && crc !== tail.headCrc) {
    throw new ZcError(
      'ZC_FORMAT_CHECKSUM',
      `the head has CRC32C ${hex32(crc)}, expected ${hex32(tail.headCrc)}`,
      { path: name, offset: 0, expected: tail.headCrc, actual: crc },
    );
  }
  return { version: [major, minor], mayIgnoreFlags: view.getUint32(16, true) };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
