import type { Schema } from '@zc/format';
import type { Reader } from '../reader.js';
import type { ShardStore } from '../shard-store.js';
import type { ReaderOptions, Rows } from '../source.js';
import type { Verify } from '../way-choice.js';
import type { ResolvedWindows } from './options.js';
import type { TokenStream } from './token-stream.js';
import type { WindowMap } from './window-map.js';
import { WindowReader } from './window-reader.js';

export interface WindowRowsOptions {
  stream: TokenStream;
  map: WindowMap;
  windows: ResolvedWindows;
  /** The fields that windows have. */
  schema: Schema;
  verify: Verify;
  pageCacheBudget: number;
}

/** Windows, numbered through. */
export class WindowRows implements Rows {
  readonly verify: Verify;
  readonly pageCacheBudget: number;
  /** Windows are no samples of it. */
  readonly dataset = undefined;
  readonly #options: WindowRowsOptions;

  constructor(options: WindowRowsOptions) {
    this.verify = options.verify;
    this.pageCacheBudget = options.pageCacheBudget;
    this.#options = options;
  }

  get length(): number {
    return this.#options.map.length;
  }

  get store(): ShardStore {
    return this.#options.stream.store;
  }

  get bytesPerRow(): number {
    const { tokens, elementBytes } = this.#options.stream;
    return (tokens * elementBytes) / Math.max(1, this.length);
  }

  /** @throws ZC_ARGUMENT */
  createReader({ fields, mode, verify }: ReaderOptions): Reader {
    const { stream, windows } = this.#options;
    return new WindowReader({
      ...this.#options,
      fields,
      mode,
      verify,
      fieldNumbers: [windows.fieldNumber],
      fitsPageCache: stream.tokens * stream.elementBytes <= this.pageCacheBudget,
    });
  }
}
