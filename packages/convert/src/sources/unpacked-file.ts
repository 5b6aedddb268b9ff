import { pipeline, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { ZcError } from '@zc/errors';
import { Decompress } from 'fzstd';
import type { Input } from '../input.js';
import { convertLimits as limits } from '../limits.js';

const CHUNK_BYTES = 2 ** 20;

/** A zstd bomb unpacks to 128 KiB for every 4 bytes: what is pushed at once stays small enough to stop in time. */
const ZSTD_PIECE_BYTES = 16 * 2 ** 10;

/** How the bytes of a file are packed, told by its first ones. */
export type Packing = 'none' | 'gzip' | 'zstd';

/**
 * The bytes of a file, or of standard input, unpacked where they are gzip or zstd.
 *
 * Iterating reads it once, front to back. A chunk is the caller's own and stays as it is.
 */
export class UnpackedFile implements AsyncIterable<Buffer> {
  readonly path: string;
  /** Bytes of the file itself that were read so far, packed as they are. */
  bytesRead = 0;
  /** Bytes that came out so far. */
  offset = 0;
  readonly #stream: () => Readable;
  #bytesTaken = 0;

  constructor(input: Input, path: string) {
    this.path = path;
    this.#stream = () => input.stream(path);
  }

  /** Bytes of the file itself that were read since this was asked last. */
  takeBytesRead(): number {
    const taken = this.bytesRead - this.#bytesTaken;
    this.#bytesTaken = this.bytesRead;
    return taken;
  }

  /** @throws ZC_CONVERT_SOURCE for damage, ZC_CONVERT_LIMIT for a bomb, ZC_IO_READ */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const packed = this.#packed();
    const head = await firstBytes(packed, 4);
    const whole = resumed(head, packed);
    for await (const chunk of unpack[packingOf(head)](whole, this.path)) {
      this.offset += chunk.length;
      this.#refuseBomb();
      yield chunk;
    }
  }

  async *#packed(): AsyncGenerator<Buffer> {
    const stream = this.#stream();
    try {
      for await (const chunk of stream) {
        this.bytesRead += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    } catch (cause) {
      if (cause instanceof ZcError) throw cause;
      const offset = this.bytesRead;
      throw new ZcError('ZC_IO_READ', (cause as Error).message, { path: this.path, offset, cause });
    } finally {
      stream.destroy();
    }
  }

  #refuseBomb(): void {
    const expected = limits.UNPACK_RATIO_MAX * this.bytesRead + limits.UNPACK_FREE_BYTES;
    if (this.offset <= expected) return;
    throw new ZcError(
      'ZC_CONVERT_LIMIT',
      `the file unpacks to more than UNPACK_RATIO_MAX (${limits.UNPACK_RATIO_MAX}) times its length`,
      {
        path: this.path,
        expected,
        actual: this.offset,
        advice: 'If it is what it should be, unpack it to a file first and pack that.',
      },
    );
  }
}

export function packingOf(head: Uint8Array): Packing {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return 'none';
}

const heads = new WeakMap<Input, Uint8Array>();

/**
 * The first bytes of an input's first file, unpacked as far as its packed head reaches; nothing of a folder.
 *
 * What cannot be unpacked has no head: whoever looks for something in it does not find it.
 */
export function unpackedHead(input: Input): Uint8Array {
  let head = heads.get(input);
  if (head === undefined) {
    head = unpackHead(input.head);
    heads.set(input, head);
  }
  return head;
}

function unpackHead(head: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  try {
    switch (packingOf(head)) {
      case 'none':
        return head;
      case 'gzip':
        // A few kilobytes unpack to a few megabytes at most.
        return zlib.gunzipSync(head.subarray(0, 4096), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
      case 'zstd':
        new Decompress((chunk) => {
          parts.push(chunk);
          // Enough is known; the rest of the head may be anything.
          throw STOP;
        }).push(head);
        return new Uint8Array();
    }
  } catch {
    return parts[0] ?? new Uint8Array();
  }
}

const STOP = new Error('enough');

type Unpack = (packed: AsyncGenerator<Buffer>, path: string) => AsyncGenerator<Buffer>;

const unpack: Record<Packing, Unpack> = {
  none: (packed) => packed,
  gzip: (packed, path) => through(packed, zlib.createGunzip({ chunkSize: CHUNK_BYTES }), path),
  zstd(packed, path) {
    // Node has had zstd since 22.15, many times as fast as JavaScript.
    const { createZstdDecompress } = zlib as { createZstdDecompress?: typeof zlib.createGunzip };
    if (createZstdDecompress === undefined) return unpackZstd(packed, path);
    return through(packed, createZstdDecompress({ chunkSize: CHUNK_BYTES }), path);
  },
};

async function* through(
  packed: AsyncGenerator<Buffer>,
  unpacker: zlib.Gunzip,
  path: string,
): AsyncGenerator<Buffer> {
  // A failure of the input reaches the loop below through the unpacker, which it destroys.
  pipeline(Readable.from(packed), unpacker, () => {});
  try {
    for await (const chunk of unpacker) yield chunk as Buffer;
  } catch (cause) {
    throw damaged(path, cause);
  }
}

async function* unpackZstd(packed: AsyncGenerator<Buffer>, path: string): AsyncGenerator<Buffer> {
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => ready.push(chunk));
  const push = (piece: Uint8Array, isLast: boolean): Uint8Array[] => {
    ready = [];
    try {
      decoder.push(piece, isLast);
    } catch (cause) {
      throw damaged(path, cause);
    }
    return ready;
  };
  for await (const chunk of packed) {
    for (let at = 0; at < chunk.length; at += ZSTD_PIECE_BYTES) {
      for (const out of push(chunk.subarray(at, at + ZSTD_PIECE_BYTES), false)) yield bufferOf(out);
    }
  }
  for (const out of push(new Uint8Array(), true)) yield bufferOf(out);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(path: string, cause: unknown): ZcError {
  if (cause instanceof ZcError) return cause;
  const { message } = cause as Error;
  return new ZcError('ZC_CONVERT_SOURCE', `the file does not unpack: ${message}`, { path, cause });
}

/** At least the first `count` bytes, fewer only where there are no more. */
async function firstBytes(stream: AsyncGenerator<Buffer>, count: number): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < count) {
    const { value, done } = await stream.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return head;
}

async function* resumed(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
