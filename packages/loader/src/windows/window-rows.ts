import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import type { Reader } from '../reading/reader.js';
import type { Verify } from '../reading/way-choice.js';
import type { RunReader } from '../shards/run-reader.js';
import type { ShardStore } from '../shards/shard-store.js';
import type { Dataset } from '../sources/dataset.js';
import { strictest } from '../sources/dataset-rows.js';
import type { ReaderOptions, Rows } from '../sources/source.js';
import { JoinedWindows } from './joined-windows.js';
import type { ResolvedWindows } from './options.js';
import { TokenStream } from './token-stream.js';
import { StreamWindows, type WindowMap } from './window-map.js';
import { WindowReader } from './window-reader.js';
import { WindowRunReader } from './window-run-reader.js';

export interface WindowRowsOptions {
  stream: TokenStream;
  map: WindowMap;
  windows: ResolvedWindows;
  /** The fields that windows have. */
  schema: Schema;
  verify: Verify;
  pageCacheBudget: number;
  dataset: Dataset | undefined;
}

/** Windows, numbered through. */
export class WindowRows implements Rows {
  readonly verify: Verify;
  readonly pageCacheBudget: number;
  readonly dataset: Dataset | undefined;
  readonly #options: WindowRowsOptions;

  constructor(options: WindowRowsOptions) {
    this.verify = options.verify;
    this.pageCacheBudget = options.pageCacheBudget;
    this.dataset = options.dataset;
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
  createReader({ fields, mode, verify, pad = {}, skips, brought, cacheUse }: ReaderOptions): Reader {
    if (Object.keys(pad).length > 0) {
      throw new ZcError('ZC_ARGUMENT', 'windows are equally long: there is nothing to `pad`', {
        actual: Object.keys(pad),
        advice: 'What fills up a window is the `padding` of `windows`.',
      });
    }
    if (skips) {
      throw new ZcError('ZC_ARGUMENT', 'windows are not skipped: a token that cannot be read is an error', {
        advice: 'Leave `onCorrupt` as it is, and write the shard again that `zc verify` names.',
      });
    }
    const { stream, windows } = this.#options;
    return new WindowReader({
      ...this.#options,
      fields,
      mode,
      verify,
      brought,
      cacheUse,
      fieldNumbers: [windows.fieldNumber],
      fitsPageCache: stream.tokens * stream.elementBytes <= this.pageCacheBudget,
    });
  }

  /** Where windows of single documents lie is known only once their tables are read. */
  createMappedReader(): never {
    throw new ZcError('ZC_ARGUMENT', "windows are cut out of documents, and mode 'mapped' has whole rows");
  }

  runReader(): RunReader | undefined {
    const { stream, map, windows } = this.#options;
    return map instanceof StreamWindows ? new WindowRunReader(stream, windows) : undefined;
  }

  join(others: readonly Rows[]): Rows {
    const all = [this, ...others].map((rows) => {
      if (rows instanceof WindowRows && rows.#cut === this.#cut) return rows;
      throw new ZcError('ZC_ARGUMENT', 'only windows of the same field, cut in the same way, can be mixed', {
        expected: this.#cut,
        actual: rows instanceof WindowRows ? rows.#cut : 'samples',
      });
    });
    const streams = all.map((rows) => rows.#options.stream);
    const store = this.store.join(streams.slice(1).map((stream) => stream.store));
    return new WindowRows({
      ...this.#options,
      stream: TokenStream.joined(streams, store),
      map: new JoinedWindows(all.map((rows) => rows.#options)),
      verify: strictest(all),
      pageCacheBudget: Math.max(...all.map(({ pageCacheBudget }) => pageCacheBudget)),
      dataset: undefined,
    });
  }

  /** What windows are, in words that are equal for equal ones. */
  get #cut(): string {
    return JSON.stringify([this.#options.windows, this.#options.schema]);
  }
}
