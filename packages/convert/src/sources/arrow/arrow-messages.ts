import type { Message } from 'apache-arrow';
import { convertLimits, refuseBeyond } from '../../limits.js';
import type { FileBytes } from '../tables/file-bytes.js';
import { verifyMessage } from './verify-message.js';

type Arrow = typeof import('apache-arrow');

/** A message of an IPC stream, whole in memory. */
export interface ArrowMessage {
  /** Where it begins in the file. */
  readonly offset: number;
  /** Its prefix, metadata and body: what a stream is made of. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly header: Message;
}

const MAGIC = 'ARROW1';
/** What precedes the metadata of a message: a mark that says so, and their length. */
const PREFIX_BYTES = 8;

/** Whether bytes begin as an Arrow IPC file does. */
export function isArrowFile(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, MAGIC.length)).toString('latin1') === MAGIC;
}

/** Whether bytes begin as an Arrow IPC stream does: with a message that holds metadata of a sensible length. */
export function isArrowStream(head: Uint8Array): boolean {
  if (head.length < PREFIX_BYTES) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const length = view.getInt32(4, true);
  return (
    view.getUint32(0, true) === 0xffff_ffff && length > 0 && length <= convertLimits.TABLE_METADATA_BYTES_MAX
  );
}

/**
 * The messages of an IPC file or stream from its beginning (Arrow columnar format, section "Serialization and
 * Interprocess Communication"). A file is a stream between magic words, with an index behind it that is not needed
 * to read all of it in order.
 *
 * @throws ZC_CONVERT_SOURCE for a damaged message, and where the end is missing; ZC_CONVERT_LIMIT
 */
export async function* arrowMessages(arrow: Arrow, file: FileBytes): AsyncGenerator<ArrowMessage> {
  const isFile = isArrowFile(await file.read(0, Math.min(file.length, MAGIC.length)));
  if (isFile) {
    const end = await file.read(Math.max(0, file.length - MAGIC.length), Math.min(file.length, MAGIC.length));
    if (file.length < 3 * PREFIX_BYTES || !isArrowFile(end)) {
      throw file.damaged('the file was cut short: it does not end as Arrow files do', file.length);
    }
  }
  for (let offset = isFile ? PREFIX_BYTES : 0; ; ) {
    if (offset + PREFIX_BYTES > file.length) {
      throw file.damaged('the stream was cut short: it has no end mark', file.length);
    }
    const prefix = await file.read(offset, PREFIX_BYTES);
    const view = new DataView(prefix.buffer);
    if (view.getUint32(0, true) !== 0xffff_ffff) throw file.damaged('there is no message', offset);
    const metadataBytes = view.getInt32(4, true);
    if (metadataBytes === 0) return;
    if (metadataBytes < 0) throw file.damaged(`a message claims ${metadataBytes} bytes of metadata`, offset);
    refuseBeyond('TABLE_METADATA_BYTES_MAX', metadataBytes, 'the metadata of a message', {
      path: file.path,
      offset,
    });
    const metadata = await file.read(offset + PREFIX_BYTES, metadataBytes);
    const header = decode(arrow, metadata, file, offset);
    const bodyBytes = Number(header.bodyLength);
    if (!Number.isSafeInteger(bodyBytes) || bodyBytes < 0) {
      throw file.damaged(`a message claims a body of ${bodyBytes} bytes`, offset);
    }
    refuseBeyond('TABLE_GROUP_BYTES_MAX', bodyBytes, 'the body of a message', { path: file.path, offset });
    const bytes = await file.read(offset, PREFIX_BYTES + metadataBytes + bodyBytes);
    yield { offset, bytes, header };
    offset += bytes.length;
  }
}

function decode(arrow: Arrow, metadata: Uint8Array, file: FileBytes, offset: number): Message {
  try {
    verifyMessage(metadata);
    return arrow.Message.decode(metadata);
  } catch (cause) {
    throw file.damaged(
      `the metadata of a message cannot be read: ${(cause as Error).message}`,
      offset,
      cause,
    );
  }
}
