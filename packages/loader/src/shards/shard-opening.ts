import { ZcError } from '@zc/errors';
import { type Footer, HEAD_BYTES, parseFooter, parseHead, parseTail, TAIL_BYTES, uuidText } from '@zc/format';
import { openShardBytes, type ShardBytes } from './shard-bytes.js';
import type { Range } from './small-reads.js';

/** Read at once from the end of a shard: the tail and, as a rule, the whole footer. */
const END_BYTES = 16 * 2 ** 10;

/** A shard whose head, footer and tail were read and found right. */
export interface OpenedShard {
  readonly path: string;
  readonly sizeBytes: number;
  readonly footer: Footer;
  readonly uuid: string;
  /** Where it was opened by reads that block. */
  readonly bytes?: ShardBytes;
}

/** What a manifest says of a shard. */
export interface ExpectedShard {
  readonly bytes: number;
  readonly samples: number;
  readonly uuid: string;
}

/** What an opening reads with. */
export interface FileReader {
  sizeOf(path: string): number;
  /** Lends the bytes of ranges for as long as `use` runs. */
  lend<T>(path: string, ranges: readonly Range[], use: (bytes: Uint8Array[]) => T): Promise<T>;
}

/**
 * Opens a shard without blocking the thread for its reads.
 *
 * @throws ZC_IO_OPEN, ZC_IO_READ, ZC_FORMAT_…; ZC_FORMAT_MANIFEST where it is not the expected one
 */
export async function openShard(
  path: string,
  files: FileReader,
  expected?: ExpectedShard,
): Promise<OpenedShard> {
  const reading = readShard({ path, sizeBytes: files.sizeOf(path) }, expected);
  let step = reading.next();
  while (!step.done) step = await files.lend(path, step.value, (bytes) => reading.next(bytes));
  return step.value;
}

/** The same, but blocks; the bytes are there for more. */
export function openShardNow(
  path: string,
  expected?: ExpectedShard,
): OpenedShard & { readonly bytes: ShardBytes } {
  const bytes = openShardBytes(path);
  const reading = readShard(bytes, expected);
  let step = reading.next();
  while (!step.done) {
    step = reading.next(step.value.map(({ offset, length }) => bytes.read(offset, length)));
  }
  return { ...step.value, bytes };
}

/**
 * Yields the ranges it needs, is given their bytes: so that both ways of reading share it. The bytes are lent
 * until it yields again.
 */
function* readShard(
  { path, sizeBytes }: { path: string; sizeBytes: number },
  expected: ExpectedShard | undefined,
): Generator<Range[], OpenedShard, Uint8Array[]> {
  if (expected !== undefined && sizeBytes !== expected.bytes) {
    throw otherLength({ path, sizeBytes }, expected.bytes);
  }
  const endLength = Math.min(END_BYTES, sizeBytes);
  const [head, end] = (yield [
    { offset: 0, length: Math.min(HEAD_BYTES, sizeBytes) },
    { offset: sizeBytes - endLength, length: endLength },
  ]) as [Uint8Array, Uint8Array];
  const tail = parseTail(end.subarray(Math.max(0, end.length - TAIL_BYTES)), sizeBytes, path, head);
  const parsedHead = parseHead(head, tail, path);
  const uuid = uuidText(tail.uuid);
  const footerStart = tail.footerOffset - (sizeBytes - endLength);
  const footerBytes =
    footerStart >= 0
      ? end.subarray(footerStart, footerStart + tail.footerBytes)
      : (yield [{ offset: tail.footerOffset, length: tail.footerBytes }])[0]!;
  const footer = parseFooter(footerBytes, tail, path, parsedHead);
  if (expected !== undefined && (uuid !== expected.uuid || footer.samples !== expected.samples)) {
    throw new ZcError(
      'ZC_FORMAT_MANIFEST',
      `the shard is ${uuid} with ${footer.samples} samples; the manifest says ${expected.uuid} with ${expected.samples}`,
      { path, expected: expected.uuid, actual: uuid },
    );
  }
  return { path, sizeBytes, footer, uuid };
}

/** The error of a file that is shorter or longer than it must be. */
export function otherLength(
  { path, sizeBytes }: { path: string; sizeBytes: number },
  expected: number,
): ZcError {
  return new ZcError(
    sizeBytes < expected ? 'ZC_FORMAT_TRUNCATED' : 'ZC_FORMAT_MANIFEST',
    `the file has ${sizeBytes} bytes, the manifest says ${expected}`,
    { path, offset: Math.min(sizeBytes, expected), expected, actual: sizeBytes },
  );
}
