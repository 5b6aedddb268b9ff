import { type Dtype, dtypes, type Field, type Tensor as TensorValue, toFloat32 } from '@zc/format';
import type { DatasetReader } from '@zc/format/node';
import { openInput } from './dataset-inputs.js';
import { ElementRange } from './element-range.js';
import { type DatasetWork, ProgressCounter } from './progress.js';

/** What `datasetStats` is given. */
export interface StatsOptions extends DatasetWork {
  /** Directory of a dataset. */
  readonly input: string;
  /** Only these fields; the others are not read. */
  readonly fields?: readonly string[] | undefined;
}

/** What the rows of one field are like. */
export interface FieldStats {
  readonly name: string;
  readonly field: Field;
  readonly count: number;
  /** Least and greatest extent of each dimension of a tensor. */
  readonly shape?: { readonly min: readonly number[]; readonly max: readonly number[] } | undefined;
  /**
   * Of a tensor's elements, NaN left out, `bigint` for 64-bit integers; of other kinds of field, of the rows' lengths in
   * bytes. Absent where there are none, and for complex numbers.
   */
  readonly min?: number | bigint | undefined;
  readonly max?: number | bigint | undefined;
  readonly mean?: number | undefined;
  /** Elements that are NaN. */
  readonly nans: number;
  /** Of all values. */
  readonly bytes: number;
  /** Of their rows in the shards, compressed or aligned as they are. */
  readonly storedBytes: number;
}

/** What a dataset is like. */
export interface DatasetStats {
  readonly samples: number;
  readonly shards: number;
  readonly bytes: number;
  readonly fields: readonly FieldStats[];
  readonly seconds: number;
}

/**
 * Looks at every value of a dataset, field after field; memory stays flat.
 *
 * @throws ZC_ARGUMENT for a field that is not there, ZC_ABORTED, and what reading the values throws
 *
 * @example
 * const { fields } = await datasetStats({ input: 'data/train', fields: ['label'] });
 * console.log(fields[0].min, fields[0].max);
 */
export async function datasetStats(options: StatsOptions): Promise<DatasetStats> {
  const started = performance.now();
  await using dataset = await openInput(options.input);
  const { manifest, schema } = dataset;
  const names = options.fields ?? schema.fields.map(({ name }) => name);
  const stats = new Map(names.map((name) => [name, new FieldCounter()]));
  const counter = new ProgressCounter(options, manifest);
  for (const [number, { samples, bytes }] of manifest.shards.entries()) {
    for (const [name, field] of stats) {
      await field.addShard(dataset, number, name, () => counter.add({ samples: 0, bytes: 0 }));
    }
    counter.add({ samples, bytes });
  }
  counter.end();
  return {
    samples: manifest.samples,
    shards: manifest.shards.length,
    bytes: manifest.bytes,
    fields: names.map((name) => {
      const field = schema.fields.find((candidate) => candidate.name === name)!;
      return { name, field, ...stats.get(name)!.result() };
    }),
    seconds: (performance.now() - started) / 1000,
  };
}

/** Rows between two looks at the signal. */
const ROWS_PER_LOOK = 1024;

class FieldCounter {
  readonly #range = new ElementRange();
  #count = 0;
  #bytes = 0;
  #storedBytes = 0;
  #shapeMin: number[] | undefined;
  #shapeMax: number[] | undefined;

  async addShard(dataset: DatasetReader, number: number, name: string, look: () => void): Promise<void> {
    const shard = await dataset.shard(number);
    const layout = shard.footer.layout.find(({ field }) => field.name === name);
    for await (const value of shard.values(name)) {
      this.#addValue(layout!.field, value);
      if (this.#count % ROWS_PER_LOOK === 0) look();
    }
    this.#storedBytes += layout?.region.length ?? 0;
  }

  result() {
    const shape = this.#shapeMin && this.#shapeMax && { min: this.#shapeMin, max: this.#shapeMax };
    return {
      count: this.#count,
      ...(shape && { shape }),
      ...this.#range.result(),
      bytes: this.#bytes,
      storedBytes: this.#storedBytes,
    };
  }

  #addValue(field: Field, value: unknown): void {
    this.#count++;
    if (field.kind === 'tensor') {
      if (field.shape.length === 0) this.#addScalar(field.dtype, value);
      else this.#addTensor(value as TensorValue);
      return;
    }
    const bytes = lengthOf(field, value);
    this.#bytes += bytes;
    this.#range.add([bytes]);
  }

  #addScalar(dtype: Dtype, value: unknown): void {
    this.#bytes += dtypes[dtype].bytes;
    if (typeof value === 'bigint') this.#range.addBig([value]);
    else if (dtype !== 'complex64') this.#range.add([Number(value)]);
  }

  #addTensor({ dtype, shape, data }: TensorValue): void {
    this.#bytes += data.byteLength;
    this.#shapeMin = shape.map((extent, i) => Math.min(extent, this.#shapeMin?.[i] ?? extent));
    this.#shapeMax = shape.map((extent, i) => Math.max(extent, this.#shapeMax?.[i] ?? extent));
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) this.#range.addBig(data);
    else if (dtype === 'float16' || dtype === 'bfloat16') this.#range.add(toFloat32({ dtype, data }));
    else if (dtype !== 'complex64') this.#range.add(data);
  }
}

function lengthOf({ kind }: Field, value: unknown): number {
  if (kind === 'bytes') return (value as Uint8Array).length;
  return Buffer.byteLength(kind === 'utf8' ? (value as string) : JSON.stringify(value));
}
