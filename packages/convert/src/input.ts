import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { ZcError } from '@zc/errors';

/** What a source may look at to recognise an input: a block of zstd, which unpacks whole or not at all, fits in. */
const HEAD_BYTES = 256 * 2 ** 10;

/** What is to be packed, before anybody knows what it is: a folder, some files of one kind, or standard input. */
export class Input {
  /** As the user gave them; `-` alone is standard input. */
  readonly paths: readonly string[];
  /** Whether the only path is a directory. */
  readonly isDirectory: boolean;
  /** The first bytes of the first file, at most 256 KiB of them; none of a directory. */
  readonly head: Uint8Array;
  /** Bytes of all files together; undefined for a directory and for standard input. */
  readonly sizeBytes: number | undefined;

  /** @throws ZC_ARGUMENT where nothing is named, ZC_IO_OPEN where a path cannot be opened */
  static async open(paths: readonly string[]): Promise<Input> {
    const [first] = paths;
    if (first === undefined) {
      throw new ZcError('ZC_ARGUMENT', 'nothing to pack was named', { advice: 'Name a file or a folder.' });
    }
    if (paths.length === 1 && first === '-') return new Input(paths, false, await peek(process.stdin));
    const found = await Promise.all(paths.map((path) => stat(path).catch(refuse(path))));
    const isDirectory = paths.length === 1 && found[0]!.isDirectory();
    if (isDirectory) return new Input(paths, true, new Uint8Array());
    const folder = found.findIndex((entry) => entry.isDirectory());
    if (folder >= 0) {
      throw new ZcError('ZC_ARGUMENT', 'a folder is packed alone, not beside other inputs', {
        path: paths[folder]!,
      });
    }
    const sizeBytes = found.reduce((sum, { size }) => sum + size, 0);
    return new Input(paths, false, await readHead(first).catch(refuse(first)), sizeBytes);
  }

  private constructor(
    paths: readonly string[],
    isDirectory: boolean,
    head: Uint8Array,
    sizeBytes?: number | undefined,
  ) {
    this.paths = paths;
    this.isDirectory = isDirectory;
    this.head = head;
    this.sizeBytes = sizeBytes;
  }

  /** The only path, for kinds of input that are one file or one folder; undefined where there are several. */
  get path(): string | undefined {
    return this.paths.length === 1 ? this.paths[0] : undefined;
  }

  /** The bytes of one of the paths from the beginning; standard input can be streamed once. */
  stream(path: string): Readable {
    return path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 2 ** 20 });
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The first bytes of a stream, put back for whoever reads it. */
async function peek(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const chunk: Buffer | null = stream.read();
    if (chunk !== null) {
      chunks.push(chunk);
      length += chunk.length;
    } else if (stream.readableEnded || !(await readableAgain(stream))) break;
  }
  const head = Buffer.concat(chunks);
  if (length > 0) stream.unshift(head);
  return head.subarray(0, HEAD_BYTES);
}

/** Whether there is more to read; false at the end. */
function readableAgain(stream: Readable): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (more: boolean) => () => {
      stream.off('readable', onReadable).off('end', onEnd).off('error', reject);
      resolve(more);
    };
    const onReadable = settle(true);
    const onEnd = settle(false);
    stream.once('readable', onReadable).once('end', onEnd).once('error', reject);
  });
}

function refuse(path: string): (cause: Error) => never {
  return (cause) => {
    throw new ZcError('ZC_IO_OPEN', `the input cannot be opened: ${cause.message}`, { path, cause });
  };
}
