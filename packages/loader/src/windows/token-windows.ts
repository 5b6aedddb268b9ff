import { createHash } from 'node:crypto';
import { ZcError } from '@zc/errors';
import type { Dtype, FieldSpec, Sample, Schema, TensorSpec } from '@zc/format';
import type { Dataset } from '../sources/dataset.js';
import { IndexedSource, indexedParts } from '../sources/selection.js';
import { type IndexedParts, sourceParts } from '../sources/source.js';
import { DocumentWindows } from './document-windows.js';
import { resolveWindows, schemaOfWindows, type WindowOptions } from './options.js';
import { TokenStream } from './token-stream.js';
import { StreamWindows } from './window-map.js';
import { WindowRows, type WindowRowsOptions } from './window-rows.js';
import { WindowView } from './window-view.js';

/** The fields of windows over the tokens of a dataset. */
export type WindowSchema<S extends Schema, O extends WindowOptions> =
  S extends Schema<infer F>
    ? Schema<
        {
          [N in O['field'] & keyof F]: F[N] extends TensorSpec<infer D>
            ? TensorSpec<D, readonly [number]>
            : FieldSpec extends F[N]
              ? TensorSpec<Dtype, readonly [number]>
              : never;
        } & DocumentSpecs<O['documents']>
      >
    : never;

type DocumentSpecs<Documents> = Documents extends 'ids'
  ? { documents: TensorSpec<'int64', readonly [number]>; positions: TensorSpec<'int32', readonly [number]> }
  : Documents extends 'offsets'
    ? { borders: TensorSpec<'int32', readonly [null]> }
    : Record<never, never>;

/**
 * The documents of a dataset read as one stream of tokens, in windows of equal length.
 *
 * Made by `Dataset.windows`. A `DataLoader` draws from it as from a dataset: a batch has one tensor
 * `[windows, length]` of tokens. It reads through its dataset, and ends with it.
 */
export class TokenWindows<S extends Schema = Schema> extends IndexedSource<S> {
  readonly schema: S;
  /** Identifies the windows: equal for the same tokens cut in the same way, wherever they lie. */
  readonly digest: string;
  /** How many tokens the stream has. */
  readonly tokens: number;
  readonly #rows: WindowRows;
  readonly #view: WindowView;

  /** @internal See `Dataset.windows`. */
  static async open<S extends Schema>(dataset: Dataset, options: WindowOptions): Promise<TokenWindows<S>> {
    const { store, verify, pageCacheBudget } = dataset[sourceParts]().rows;
    store.checkOpen();
    const windows = resolveWindows(dataset.schema, options);
    const windowSchema = schemaOfWindows(windows);
    const stream = await TokenStream.open({ store, ...windows });
    const steps = { ...windows, padded: windows.padding !== undefined };
    const map = windows.crossDocuments
      ? new StreamWindows(stream.tokens, steps)
      : await DocumentWindows.open(stream, steps);
    const { length, stride, padding = null, crossDocuments } = windows;
    const cut = JSON.stringify([options.field, length, stride, padding, crossDocuments]);
    return new TokenWindows<S>(
      { stream, map, windows, schema: windowSchema, verify, pageCacheBudget, dataset },
      createHash('sha256').update(`${dataset.digest} ${cut}`).digest('hex'),
    );
  }

  private constructor(options: WindowRowsOptions, digest: string) {
    super();
    this.schema = options.schema as S;
    this.digest = digest;
    this.tokens = options.stream.tokens;
    this.#rows = new WindowRows(options);
    this.#view = new WindowView(options);
  }

  /** How many windows there are. */
  get length(): number {
    return this.#rows.length;
  }

  /**
   * One window, at once. Its tokens are a view of the mapped file where they lie in one shard, else a copy.
   *
   * It blocks where something has to be read (see `Dataset.get`).
   *
   * @throws ZC_INDEX_RANGE, ZC_FORMAT_CHECKSUM, ZC_FORMAT_…, ZC_IO_OPEN, ZC_IO_POISONED, ZC_CLOSED
   */
  get(index: number): Sample<S> {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new ZcError('ZC_INDEX_RANGE', `there is no window ${index} among ${this.length}`, {
        expected: this.length,
        actual: index,
      });
    }
    return this.#view.get(index) as Sample<S>;
  }

  /** @internal */
  [sourceParts](): IndexedParts {
    return indexedParts(this.#rows, this.#rows.length, () => {});
  }
}
