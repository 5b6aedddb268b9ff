import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import { BatchReader } from './batch-reader.js';
import type { Dataset } from './dataset.js';
import type { Reader } from './reader.js';
import type { ShardStore } from './shard-store.js';
import type { ReaderOptions, Rows } from './source.js';
import type { Verify } from './way-choice.js';

export interface DatasetRowsOptions {
  store: ShardStore;
  verify: Verify;
  pageCacheBudget: number;
  dataset: Dataset | undefined;
}

/** The samples of shards, numbered through. */
export class DatasetRows implements Rows {
  readonly store: ShardStore;
  readonly verify: Verify;
  readonly pageCacheBudget: number;
  readonly dataset: Dataset | undefined;
  readonly #bytes: number;

  constructor({ store, verify, pageCacheBudget, dataset }: DatasetRowsOptions) {
    this.store = store;
    this.verify = verify;
    this.pageCacheBudget = pageCacheBudget;
    this.dataset = dataset;
    this.#bytes = store.infos.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get length(): number {
    return this.store.samples;
  }

  get bytesPerRow(): number {
    return this.#bytes / Math.max(1, this.length);
  }

  /** @throws ZC_ARGUMENT, ZC_FORMAT_CODEC */
  createReader({ fields, mode, verify }: ReaderOptions): Reader {
    const { store } = this;
    return new BatchReader({
      store,
      fieldNumbers: fieldNumbersOf(store.schema, fields),
      mode,
      verify,
      fitsPageCache: this.#bytes <= this.pageCacheBudget,
    });
  }
}

/**
 * The places of some fields in the schema, in its order; of all where none are named.
 *
 * @throws ZC_ARGUMENT for a name that the schema does not have
 */
export function fieldNumbersOf(schema: Schema, names: readonly string[] | undefined): number[] {
  const known = schema.fields.map(({ name }) => name);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined || names?.length === 0) {
    throw new ZcError(
      'ZC_ARGUMENT',
      unknown === undefined ? 'no field is named' : `there is no field "${unknown}"`,
      {
        expected: known,
        actual: names,
      },
    );
  }
  return known.flatMap((name, number) => (names === undefined || names.includes(name) ? [number] : []));
}
