import { ZcError } from '@zc/errors';
import { RowEncoder } from './encode-row.js';
import { type FieldPlan, planFields } from './layout.js';
import type { Schema } from './schema.js';
import type { ZstdCompressor } from './zstd.js';

/**
 * A sample in stored form: one row for each field in schema order.
 *
 * One that an encoder returned is valid until its next call.
 */
export interface EncodedSample {
  readonly rows: readonly Uint8Array[];
  /** For each field its ragged dimensions, empty where it stores none. */
  readonly dims: readonly Uint32Array[];
  /** Sum of the rows' lengths. */
  readonly bytes: number;
}

/** Checks samples against a schema and turns them into stored rows. */
export class SampleEncoder {
  readonly plans: readonly FieldPlan[];
  readonly #encoders: readonly RowEncoder[];
  readonly #rows: Uint8Array[];
  readonly #dims: readonly Uint32Array[];

  /** @throws ZC_FORMAT_CODEC for a compressed field that `zstd` cannot write */
  constructor(schema: Schema, zstd?: ZstdCompressor) {
    this.plans = planFields(schema);
    this.#encoders = this.plans.map((plan) => new RowEncoder(plan, zstd));
    this.#rows = this.plans.map(() => new Uint8Array(0));
    this.#dims = this.#encoders.map(({ dims }) => dims);
  }

  /**
   * Encodes all fields of a sample; `row` is its number, for errors.
   *
   * @throws ZC_FORMAT_VALUE for a missing, unknown or wrong field, ZC_FORMAT_LIMIT
   */
  encode(sample: Readonly<Record<string, unknown>>, row: number): EncodedSample {
    if (typeof sample !== 'object' || sample === null) {
      throw new ZcError('ZC_FORMAT_VALUE', `sample ${row} is ${sample}, expected an object with its fields`, {
        row,
      });
    }
    let bytes = 0;
    for (let i = 0; i < this.plans.length; i++) {
      const { name } = this.plans[i]!.field;
      if (!Object.hasOwn(sample, name)) {
        throw new ZcError('ZC_FORMAT_VALUE', `sample ${row} has no field "${name}"`, { field: name, row });
      }
      const encoded = this.#encoders[i]!.encode(sample[name], row);
      this.#rows[i] = encoded;
      bytes += encoded.length;
    }
    this.#refuseUnknown(sample, row);
    return { rows: this.#rows, dims: this.#dims, bytes };
  }

  #refuseUnknown(sample: object, row: number): void {
    const keys = Object.keys(sample);
    if (keys.length === this.plans.length) return;
    const name = keys.find((key) => this.plans.every(({ field }) => field.name !== key));
    throw new ZcError('ZC_FORMAT_VALUE', `sample ${row} has a field "${name}" that the schema lacks`, {
      field: name,
      row,
    });
  }
}
