import type { Sample, Schema } from '@zc/format';

/** The fields of a mapped batch by their names: of each, one value a sample. */
export type MappedFields<S extends Schema> = {
  readonly [N in keyof Sample<S>]: readonly Sample<S>[N][];
};

/**
 * Samples whose bytes were not copied: each field is an array with one value a sample, as `Dataset.get` gives it.
 * Tensors and bytes are views of the mapped files.
 *
 * They stay valid for as long as they are held. `retain` and `release` are there so that a loop need not know how
 * its batches came, and do nothing. Each field is a property of the batch; one whose name is that of another member
 * is found in `fields`.
 */
export class MappedBatchBase<S extends Schema = Schema> implements Disposable {
  /** How many samples there are. */
  readonly length: number;
  /** Which samples these are, as numbers of the dataset. */
  readonly indices: Float64Array;
  readonly fields: MappedFields<S>;
  readonly way = 'mapped';

  /** @internal */
  constructor(indices: Float64Array, fields: Readonly<Record<string, readonly unknown[]>>) {
    this.indices = indices;
    this.length = indices.length;
    this.fields = fields as MappedFields<S>;
    for (const [name, values] of Object.entries(fields)) {
      if (!(name in this)) (this as Record<string, unknown>)[name] = values;
    }
  }

  retain(): this {
    return this;
  }

  release(): void {}

  [Symbol.dispose](): void {}
}

/** A batch of views, with each field as a property. */
export type MappedBatch<S extends Schema = Schema> = MappedBatchBase<S> &
  Omit<MappedFields<S>, keyof MappedBatchBase>;
