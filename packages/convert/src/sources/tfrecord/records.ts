import { ZcError } from '@zc/errors';
import { fastDigests } from '../../digests.js';
import { refuseBeyond } from '../../limits.js';
import type { UnpackedFile } from '../unpacked-file.js';

/** A record's payload, and where it begins in the unpacked file. */
export interface TfRecord {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Length and its checksum before the payload, the payload's checksum behind it. */
const HEAD_BYTES = 12;
const TAIL_BYTES = 4;

/**
 * The records of a TFRecord file, every checksum checked (tensorflow/core/lib/io/record_writer.h).
 *
 * A record is a view of memory that is not used again.
 *
 * @throws ZC_CONVERT_SOURCE, ZC_CONVERT_LIMIT
 */
export async function* tfRecords(file: UnpackedFile): AsyncGenerator<TfRecord> {
  const { crc32c } = fastDigests();
  const { path } = file;
  const damaged = (what: string, offset: number, details: object = {}) =>
    new ZcError('ZC_CONVERT_SOURCE', what, { path, offset, ...details });
  let chunks: Uint8Array[] = [];
  let held = 0;
  let offset = 0;
  const take = (length: number): Uint8Array => {
    const joined = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, held);
    chunks = joined.length > length ? [joined.subarray(length)] : [];
    held -= length;
    offset += length;
    return new Uint8Array(joined.buffer, joined.byteOffset, length);
  };
  let payloadBytes: number | undefined;
  for await (const chunk of file) {
    chunks.push(chunk);
    held += chunk.length;
    for (;;) {
      if (payloadBytes === undefined) {
        if (held < HEAD_BYTES) break;
        const at = offset;
        payloadBytes = lengthOf(
          take(HEAD_BYTES),
          (head) => maskedCrc(crc32c(head)),
          (what) => damaged(what, at),
        );
        refuseBeyond('RECORD_BYTES_MAX', payloadBytes, 'the length of a record', { path, offset: at });
      }
      if (held < payloadBytes + TAIL_BYTES) break;
      const at = offset;
      const bytes = take(payloadBytes);
      const expected = u32(take(TAIL_BYTES), 0);
      const actual = maskedCrc(crc32c(bytes));
      if (actual !== expected)
        throw damaged('the record has another checksum than it claims', at, { expected, actual });
      payloadBytes = undefined;
      yield { offset: at, bytes };
    }
  }
  if (held > 0 || payloadBytes !== undefined) throw damaged('the file was cut short within a record', offset);
}

/** Whether bytes begin as a TFRecord file does: with a length whose checksum is right. */
export function isTfRecord(head: Uint8Array): boolean {
  if (head.length < HEAD_BYTES + TAIL_BYTES) return false;
  return maskedCrc(fastDigests().crc32c(head.subarray(0, 8))) === u32(head, 8);
}

function lengthOf(
  head: Uint8Array,
  crc: (bytes: Uint8Array) => number,
  damaged: (what: string) => ZcError,
): number {
  if (crc(head.subarray(0, 8)) !== u32(head, 8))
    throw damaged('the length of a record has another checksum than it claims');
  const length = u32(head, 0) + u32(head, 4) * 2 ** 32;
  if (!Number.isSafeInteger(length)) throw damaged(`a record claims ${length} bytes`);
  return length;
}

/** As it is stored: a checksum of bytes that hold checksums would be weak, so it is rotated and shifted. */
function maskedCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}
