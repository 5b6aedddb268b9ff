import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
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
  readonly #stdin: Begun | undefined;

  /** @throws ZC_ARGUMENT where nothing is named, ZC_IO_OPEN where a path cannot be opened */
  static async open(paths: readonly string[]): Promise<Input> {
    const [first] = paths;
    if (first === undefined) {
      throw new ZcError('ZC_ARGUMENT', 'nothing to pack was named', { advice: 'Name a file or a folder.' });
    }
    if (paths.length === 1 && first === '-') {
      const stdin = await begin(process.stdin);
      return new Input(paths, { isDirectory: false, head: stdin.head, stdin });
    }
    const found = await Promise.all(paths.map((path) => stat(path).catch(refuse(path))));
    const isDirectory = paths.length === 1 && found[0]!.isDirectory();
    if (isDirectory) return new Input(paths, { isDirectory, head: new Uint8Array() });
    const folder = found.findIndex((entry) => entry.isDirectory());
    if (folder >= 0) {
      throw new ZcError('ZC_ARGUMENT', 'a folder is packed alone, not beside other inputs', {
        path: paths[folder]!,
      });
    }
    const sizeBytes = found.reduce((sum, { size }) => sum + size, 0);
    const head = await readHead(first).catch(refuse(first));
    return new Input(paths, { isDirectory, head, sizeBytes });
  }

  private constructor(
    paths: readonly string[],
    { isDirectory, head, sizeBytes, stdin }: Pick<Input, 'isDirectory' | 'head'> & Found,
  ) {
    this.paths = paths;
    this.isDirectory = isDirectory;
    this.head = head;
    this.sizeBytes = sizeBytes;
    this.#stdin = stdin;
  }

  /** The only path, for kinds of input that are one file or one folder; undefined where there are several. */
  get path(): string | undefined {
    return this.paths.length === 1 ? this.paths[0] : undefined;
  }

  /** The bytes of one of the paths from the beginning; standard input can be streamed once. */
  stream(path: string): Readable {
    if (path === '-' && this.#stdin) return Readable.from(this.#stdin.all(), { objectMode: false });
    return createReadStream(path, { highWaterMark: 2 ** 20 });
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

/** A stream of which the first bytes were read already. */
interface Begun {
  readonly head: Uint8Array;
  /** All of it, the first bytes too. */
  all(): AsyncGenerator<Buffer>;
}

interface Found {
  readonly sizeBytes?: number;
  readonly stdin?: Begun;
}

async function begin(stream: Readable): Promise<Begun> {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  for (let length = 0; length < HEAD_BYTES; length += first.at(-1)!.length) {
    const { value, done } = await chunks.next();
    if (done) break;
    first.push(value);
  }
  const rest: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => chunks };
  return {
    head: Buffer.concat(first).subarray(0, HEAD_BYTES),
    async *all() {
      yield* first;
      yield* rest;
    },
  };
}

function refuse(path: string): (cause: Error) => never {
  return (cause) => {
    throw new ZcError('ZC_IO_OPEN', `the input cannot be opened: ${cause.message}`, { path, cause });
  };
}
