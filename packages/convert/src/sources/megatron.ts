import { type FileHandle, open, stat } from 'node:fs/promises';
import { ZcError } from '@zc/errors';
import { type Dtype, defineSchema, elementsOf, field } from '@zc/format';
import type { Input } from '../input.js';
import { documentsOf, isMegatronIndex, readMegatronIndex, type TokenRun } from './megatron-index.js';
import { readInto } from './npy-strips.js';
import type { OpenedSource, SampleSource, SourceRow } from './sample-source.js';

/** Tokens are read in pieces of this many bytes; longer documents in one piece. */
const PIECE_BYTES = 4 * 2 ** 20;

/**
 * Token files of Megatron-LM, a `.bin` and the `.idx` beside it; either of them names both. One sample a document,
 * with all its tokens in the ragged field `tokens`.
 */
export const megatron: SampleSource = {
  name: 'megatron',

  async detect(input) {
    const prefix = prefixOf(input);
    if (prefix === undefined) return false;
    const head = await headOf(`${prefix}.idx`);
    return head !== undefined && isMegatronIndex(head);
  },

  async open(input): Promise<OpenedSource> {
    const prefix = prefixOf(input);
    if (prefix === undefined) {
      throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'token files are named .bin and .idx', {
        path: input.paths[0]!,
      });
    }
    const paths = { idx: `${prefix}.idx`, bin: `${prefix}.bin` };
    const binBytes = await stat(paths.bin).then(({ size }) => size, refuseMissing(paths.bin));
    await using idx = await opened(paths.idx);
    const index = await readMegatronIndex(idx.file, { path: paths.idx, binBytes });
    if (index.documents === 0)
      throw new ZcError('ZC_CONVERT_EMPTY', 'the index has no document', { path: paths.idx });
    return {
      schema: defineSchema({ tokens: field.tensor(index.dtype, [null]) }),
      samples: index.documents,
      bytes: binBytes,
      facts: [`Megatron tokens, ${index.documents} documents of ${index.sequences} sequences`],
      async *rows(from): AsyncGenerator<SourceRow> {
        await using idx = await opened(paths.idx);
        await using bin = await opened(paths.bin);
        const tokens = new TokenReader(bin.file, paths.bin, binBytes);
        for await (const runs of documentsOf(idx.file, index, { from, binBytes })) {
          yield await tokens.row(runs, index.dtype);
        }
      },
    };
  },
};

function prefixOf({ path }: Input): string | undefined {
  return path !== undefined && /\.(bin|idx)$/.test(path) ? path.slice(0, -4) : undefined;
}

async function headOf(path: string): Promise<Uint8Array | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  await using idx = await opened(path);
  const head = Buffer.alloc(64);
  return head.subarray(0, await readInto(idx.file, head, 0));
}

async function opened(path: string): Promise<{ file: FileHandle } & AsyncDisposable> {
  const file = await open(path).catch(refuseMissing(path));
  return { file, [Symbol.asyncDispose]: () => file.close() };
}

function refuseMissing(path: string): (cause: Error) => never {
  return (cause) => {
    throw new ZcError('ZC_IO_OPEN', `the tokens cannot be opened: ${cause.message}`, { path, cause });
  };
}

/** Reads front to back what mostly lies so: each piece is fresh memory, and rows are views of it. */
class TokenReader {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #binBytes: number;
  #piece: Buffer = Buffer.alloc(0);
  #pieceAt = 0;

  constructor(file: FileHandle, path: string, binBytes: number) {
    this.#file = file;
    this.#path = path;
    this.#binBytes = binBytes;
  }

  async row(runs: readonly TokenRun[], dtype: Dtype): Promise<SourceRow> {
    const parts: Buffer[] = [];
    for (const run of runs) parts.push(await this.#read(run));
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    return { sample: { tokens: elementsOf(dtype, bytes) }, bytesRead: bytes.length };
  }

  async #read({ offset, bytes }: TokenRun): Promise<Buffer> {
    const at = offset - this.#pieceAt;
    if (at < 0 || at + bytes > this.#piece.length) {
      const length = Math.min(Math.max(PIECE_BYTES, bytes), this.#binBytes - offset);
      // Not from the pool: rows are handed out as views, which the pool's next user would share.
      const piece = Buffer.allocUnsafeSlow(length);
      const actual = await readInto(this.#file, piece, offset);
      if (actual < length) {
        throw new ZcError('ZC_CONVERT_SOURCE', 'the tokens were cut short while they were read', {
          path: this.#path,
          offset,
          expected: length,
          actual,
        });
      }
      this.#piece = piece;
      this.#pieceAt = offset;
    }
    return this.#piece.subarray(offset - this.#pieceAt, offset - this.#pieceAt + bytes);
  }
}
