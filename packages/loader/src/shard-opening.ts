import { ZcError } from '@zc/errors';
import { type Footer, HEAD_BYTES, parseFooter, parseHead, parseTail, TAIL_BYTES, uuidText } from '@zc/format';
import { MappedFile } from '@zc/io';

/** Read at once from the end of a shard: the tail and, as a rule, the whole footer. */
const END_BYTES = 64 * 2 ** 10;

/** A shard whose head, footer and tail were read and found right. */
export interface OpenedShard {
  readonly file: MappedFile;
  readonly footer: Footer;
  readonly uuid: string;
}

/** What a manifest says of a shard. */
export interface ExpectedShard {
  readonly bytes: number;
  readonly samples: number;
  readonly uuid: string;
}

/** How an opening reads: a copy of a range of the file at a path. */
export type ReadRange = (path: string, offset: number, length: number) => Promise<Uint8Array>;

/**
 * Opens a shard without blocking the thread for its reads.
 *
 * @throws ZC_IO_OPEN, ZC_IO_MAP, ZC_IO_READ, ZC_FORMAT_…; ZC_FORMAT_MANIFEST where it is not the expected one
 */
export async function openShard(
  path: string,
  read: ReadRange,
  expected?: ExpectedShard,
): Promise<OpenedShard> {
  const file = new MappedFile(path);
  const reading = readShard(file, expected);
  let step = reading.next();
  while (!step.done) step = reading.next(await read(path, step.value.offset, step.value.length));
  return step.value;
}

/** The same, but blocks. */
export function openShardNow(path: string, expected?: ExpectedShard): OpenedShard {
  const file = new MappedFile(path);
  const reading = readShard(file, expected);
  let step = reading.next();
  while (!step.done) step = reading.next(file.read(step.value.offset, step.value.length));
  return step.value;
}

interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Yields the ranges it needs, is given their bytes: so that both ways of reading share it. */
function* readShard(
  file: MappedFile,
  expected: ExpectedShard | undefined,
): Generator<Range, OpenedShard, Uint8Array> {
  const { path, sizeBytes } = file;
  if (expected !== undefined && sizeBytes !== expected.bytes) throw otherLength(file, expected);
  const head = yield { offset: 0, length: Math.min(HEAD_BYTES, sizeBytes) };
  const endLength = Math.min(END_BYTES, sizeBytes);
  const end = yield { offset: sizeBytes - endLength, length: endLength };
  const tail = parseTail(end.subarray(Math.max(0, end.length - TAIL_BYTES)), sizeBytes, path, head);
  const parsedHead = parseHead(head, tail, path);
  const footerStart = tail.footerOffset - (sizeBytes - endLength);
  const footerBytes =
    footerStart >= 0
      ? end.subarray(footerStart, footerStart + tail.footerBytes)
      : yield { offset: tail.footerOffset, length: tail.footerBytes };
  const footer = parseFooter(footerBytes, tail, path, parsedHead);
  const uuid = uuidText(tail.uuid);
  if (expected !== undefined && (uuid !== expected.uuid || footer.samples !== expected.samples)) {
    throw new ZcError(
      'ZC_FORMAT_MANIFEST',
      `the shard is ${uuid} with ${footer.samples} samples; the manifest says ${expected.uuid} with ${expected.samples}`,
      { path, expected: expected.uuid, actual: uuid },
    );
  }
  return { file, footer, uuid };
}

function otherLength({ path, sizeBytes }: MappedFile, { bytes }: ExpectedShard): ZcError {
  return new ZcError(
    sizeBytes < bytes ? 'ZC_FORMAT_TRUNCATED' : 'ZC_FORMAT_MANIFEST',
    `the file has ${sizeBytes} bytes, the manifest says ${bytes}`,
    { path, offset: Math.min(sizeBytes, bytes), expected: bytes, actual: sizeBytes },
  );
}
