import { ZcError } from '@zc/errors';
import { Header, Parser, type ReadEntry } from 'tar';
import { convertLimits as limits } from '../../limits.js';
import type { UnpackedFile } from '../unpacked-file.js';

const BLOCK_BYTES = 512;

/** A file in a tar. */
export interface TarEntry {
  readonly name: string;
  /** Where its header lies in the unpacked tar. */
  readonly offset: number;
  /** A view of what was read from the tar where it lies there in one piece, else a copy. */
  readonly bytes: Uint8Array;
  /** Why the entry cannot be taken; `bytes` is empty then. */
  readonly error?: ZcError | undefined;
}

/** Whether bytes begin as a tar does: with a header whose checksum is right. */
export function isTar(bytes: Uint8Array): boolean {
  if (bytes.length < BLOCK_BYTES) return false;
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, BLOCK_BYTES);
  try {
    const header = new Header(block);
    return header.cksumValid && !header.nullBlock;
  } catch {
    return false;
  }
}

/**
 * The files of a tar in their order. Folders and the archive's own records are passed over; a link, a device, a name
 * that leads out of the archive and an entry that is too long come with their `error`.
 *
 * @throws ZC_CONVERT_SOURCE where the tar is damaged or ends too early, with the offset; what `UnpackedFile` throws
 */
export async function* tarEntries(file: UnpackedFile): AsyncGenerator<TarEntry> {
  const reader = new TarReader(file.path);
  for await (const chunk of file) yield* reader.read(chunk);
  reader.end();
}

/** What is being read of an entry. */
interface OpenEntry {
  readonly entry: ReadEntry;
  readonly offset: number;
  readonly parts: Buffer[];
  readonly error: ZcError | undefined;
}

/**
 * Feeds the parser one block at a time where it expects a header, and the rest of an entry at once where it is inside
 * of one: so the offset of each header is known, and the parser never joins chunks.
 */
class TarReader {
  readonly #path: string;
  readonly #parser = new Parser({ maxMetaEntrySize: limits.TAR_HEADER_BYTES_MAX });
  /** A block that the last chunk began. */
  #begun: Buffer = Buffer.alloc(0);
  #offset = 0;
  #open: OpenEntry | undefined;
  #done: TarEntry | undefined;
  #failure: ZcError | undefined;
  #isEnded = false;

  constructor(path: string) {
    this.#path = path;
    this.#parser.on('entry', (entry: ReadEntry) => this.#begin(entry));
    this.#parser.on('ignoredEntry', (entry: ReadEntry) => {
      if (entry.meta) this.#failure ??= this.#tooLong('a header', entry.size);
      else this.#begin(entry);
    });
    this.#parser.on('eof', () => {
      this.#isEnded = true;
    });
    this.#parser.on('warn', (_code: string, message: string) => {
      this.#failure ??= this.#damaged(message);
    });
  }

  /** The entries that this chunk ends. */
  *read(chunk: Buffer): Generator<TarEntry> {
    let at = 0;
    while (at < chunk.length) {
      const step = this.#isInside() ? this.#open!.entry.blockRemain : BLOCK_BYTES - this.#begun.length;
      const piece = chunk.subarray(at, at + step);
      at += piece.length;
      if (this.#isInside()) this.#feed(piece);
      else {
        const block = this.#begun.length === 0 ? piece : Buffer.concat([this.#begun, piece]);
        this.#begun = block.length < BLOCK_BYTES ? block : Buffer.alloc(0);
        if (block.length === BLOCK_BYTES) this.#feed(block);
      }
      if (this.#done) yield this.#done;
      this.#done = undefined;
    }
  }

  /** @throws ZC_CONVERT_SOURCE where the tar has not ended */
  end(): void {
    if (this.#isEnded && this.#begun.length === 0) return;
    if (this.#open?.error) throw this.#open.error;
    if (this.#open) throw this.#damaged(`it ends inside of ${this.#open.entry.path}`);
    throw this.#damaged('it ends without its last two blocks of zeros');
  }

  #isInside(): boolean {
    return this.#open !== undefined && this.#open.entry.blockRemain > 0;
  }

  #feed(piece: Buffer): void {
    if (this.#isEnded) this.#refuseBehindEnd(piece);
    else this.#parse(piece);
    if (this.#failure) throw this.#failure;
    this.#offset += piece.length;
    if (this.#open && this.#open.entry.blockRemain === 0) this.#finish(this.#open);
  }

  #parse(piece: Buffer): void {
    try {
      this.#parser.write(piece);
    } catch (cause) {
      // The parser throws for some of what is damaged and warns of the rest.
      this.#failure ??= this.#damaged((cause as Error).message, cause);
    }
  }

  #begin(entry: ReadEntry): void {
    const error = this.#reasonAgainst(entry);
    const parts: Buffer[] = [];
    // What is refused is passed over, however long it says it is.
    if (!entry.ignore) entry.on('data', (part: Buffer) => void (error ?? parts.push(part)));
    this.#open = { entry, offset: this.#offset, parts, error };
  }

  #finish({ entry, offset, parts, error }: OpenEntry): void {
    this.#open = undefined;
    if (entry.type === 'Directory' || entry.type === 'GNUDumpDir') return;
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    this.#done = { name: entry.path, offset, bytes, error };
  }

  #reasonAgainst({ path, type, size, linkpath }: ReadEntry): ZcError | undefined {
    const refused = (what: string) => this.#wrong(`${path} ${what}`);
    if (path.startsWith('/') || path.split('/').includes('..'))
      return refused('has a name that leads out of the tar');
    if (/^(Symbolic)?Link$/.test(type)) return refused(`is a link to ${linkpath}, which is not followed`);
    if (type === 'Directory' || type === 'GNUDumpDir') return undefined;
    if (!/^(Old|Contiguous)?File$/.test(type)) return refused(`is no file but of the type ${type}`);
    return size > limits.RECORD_BYTES_MAX ? this.#tooLong(path, size) : undefined;
  }

  #tooLong(what: string, actual: number): ZcError {
    const name = what === 'a header' ? 'TAR_HEADER_BYTES_MAX' : 'RECORD_BYTES_MAX';
    return new ZcError(
      'ZC_CONVERT_LIMIT',
      `${what} is ${actual} bytes long, above ${name} (${limits[name]})`,
      {
        path: this.#path,
        offset: this.#offset,
        expected: limits[name],
        actual,
      },
    );
  }

  #wrong(what: string, cause?: unknown): ZcError {
    return new ZcError('ZC_CONVERT_SOURCE', what, { path: this.#path, offset: this.#offset, cause });
  }

  #damaged(what: string, cause?: unknown): ZcError {
    return this.#wrong(`the tar is damaged: ${what}`, cause);
  }

  /** A reader that stops at the end would leave out what follows and not say so. */
  #refuseBehindEnd(piece: Buffer): void {
    if (piece.every((byte) => byte === 0)) return;
    throw this.#wrong('the tar goes on behind its end, perhaps with another tar');
  }
}
