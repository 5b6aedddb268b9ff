import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import { BatchReader } from '../reading/batch-reader.js';
import { MappedReader } from '../reading/mapped-reader.js';
import type { Reader } from '../reading/reader.js';
import type { Verify } from '../reading/way-choice.js';
import { type RunReader, SampleRunReader } from '../shards/run-reader.js';
import type { ShardStore } from '../shards/shard-store.js';
import type { Dataset } from './dataset.js';
import type { ReaderOptions, Rows } from './source.js';

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

  /** @throws ZC_ARGUMENT */
  createReader({ fields, ...options }: ReaderOptions): Reader {
    const { store } = this;
    return new BatchReader({
      store,
      ...options,
      fieldNumbers: fieldNumbersOf(store.schema, fields),
      fitsPageCache: this.#bytes <= this.pageCacheBudget,
    });
  }

  /** @throws ZC_ARGUMENT */
  createMappedReader({ fields, verify }: Pick<ReaderOptions, 'fields' | 'verify'>): MappedReader {
    const { store } = this;
    return new MappedReader({ store, verify, fieldNumbers: fieldNumbersOf(store.schema, fields) });
  }

  runReader(fields: readonly string[] | undefined): RunReader {
    return new SampleRunReader(this.store, fieldNumbersOf(this.store.schema, fields));
  }

  join(others: readonly Rows[]): Rows {
    const all = [this, ...others].map((rows) => {
      if (!(rows instanceof DatasetRows)) {
        throw new ZcError('ZC_ARGUMENT', 'samples and windows cannot be mixed with each other');
      }
      if (JSON.stringify(rows.store.schema) === JSON.stringify(this.store.schema)) return rows;
      throw new ZcError('ZC_ARGUMENT', 'datasets of different schemas cannot be mixed', {
        expected: this.store.schema,
        actual: rows.store.schema,
      });
    });
    return new DatasetRows({
      store: this.store.join(all.slice(1).map(({ store }) => store)),
      verify: strictest(all),
      pageCacheBudget: Math.max(...all.map(({ pageCacheBudget }) => pageCacheBudget)),
      dataset: undefined,
    });
  }
}

/** How rows are verified together, so that none is verified less than by itself. */
export function strictest(all: readonly { readonly verify: Verify }[]): Verify {
  if (all.some(({ verify }) => verify === 'always')) return 'always';
  return all.some(({ verify }) => verify === 'auto') ? 'auto' : 'never';
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
