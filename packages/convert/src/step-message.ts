import type { EncodedSample, Schema } from '@zc/format';
import { errorFromJson } from './error-json.js';
import type { BadRow, SourceRow } from './sources/sample-source.js';
import type { StepSpec } from './steps/chain.js';
import type { StoredRow } from './stored-row.js';

/** What a thread that runs steps is started with. */
export interface StepWorkerData {
  readonly specs: readonly StepSpec[];
  readonly schema: Schema;
  /** The first rows of the source, as far as the steps had to look at them to know their schemas. */
  readonly first: readonly WireRow[];
}

/** A row of the source as it crosses to a thread. */
export interface WireRow {
  readonly index: number;
  readonly sample?: Record<string, unknown>;
  readonly origin?: string | undefined;
  readonly error?: Record<string, unknown>;
  readonly bytesRead: number;
}

/** Stored rows as they cross back: the bytes of all of them in one buffer, which is handed over, not copied. */
export interface WireBatch {
  readonly bytes: ArrayBuffer;
  /** For each sample and each field its bytes. */
  readonly lengths: Float64Array;
  /** For each sample and each field its ragged dimensions, as many as the first sample's fields have. */
  readonly dims: Uint32Array;
  /** For each row of the source how many samples came of it. */
  readonly counts: Uint32Array;
  /** By the row's place in the batch. */
  readonly errors: readonly (readonly [number, Record<string, unknown>])[];
  readonly bytesRead: Float64Array;
}

/** What a thread says of a batch. */
export type StepAnswer = { readonly batch: WireBatch } | { readonly fatal: unknown };

/**
 * A row for another thread, and the buffers that go with it.
 *
 * Arrays that fill their buffer are handed over; of others, whose buffers hold more than the row, a copy is.
 */
export function toWire(row: SourceRow | BadRow, index: number): { wire: WireRow; transfer: ArrayBuffer[] } {
  const { bytesRead } = row;
  if ('error' in row) return { wire: { index, error: row.error.toJSON(), bytesRead }, transfer: [] };
  const transfer = new Set<ArrayBuffer>();
  const handOver = (value: unknown): unknown => {
    if (!ArrayBuffer.isView(value)) return value;
    const array = value as Uint8Array;
    const isWhole = array.byteLength === array.buffer.byteLength && array.buffer instanceof ArrayBuffer;
    // Two fields may share a buffer, which can go only once.
    const own = isWhole && !transfer.has(array.buffer as ArrayBuffer) ? array : array.slice();
    transfer.add(own.buffer as ArrayBuffer);
    return own;
  };
  const sample: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row.sample)) {
    const data = (value as { data?: unknown } | null | undefined)?.data;
    sample[name] = ArrayBuffer.isView(data)
      ? { ...(value as object), data: handOver(data) }
      : handOver(value);
  }
  return { wire: { index, sample, origin: row.origin, bytesRead }, transfer: [...transfer] };
}

export function fromWire({ sample, origin, error, bytesRead }: WireRow): SourceRow | BadRow {
  return error === undefined
    ? { sample: sample!, origin, bytesRead }
    : { error: errorFromJson(error), bytesRead };
}

/** Gathers stored rows to a batch. */
export class WireBatchWriter {
  readonly #parts: Uint8Array[] = [];
  readonly #lengths: number[] = [];
  readonly #dims: number[] = [];
  readonly #counts: number[] = [];
  readonly #bytesRead: number[] = [];
  readonly #errors: [number, Record<string, unknown>][] = [];

  /** Copies what is only lent. */
  add({ samples, error, bytesRead }: StoredRow): void {
    if (error !== undefined) this.#errors.push([this.#counts.length, error.toJSON()]);
    this.#counts.push(samples.length);
    this.#bytesRead.push(bytesRead);
    for (const { rows, dims } of samples) {
      for (const row of rows) {
        this.#parts.push(row.slice());
        this.#lengths.push(row.length);
      }
      for (const extents of dims) this.#dims.push(...extents);
    }
  }

  finish(): WireBatch {
    const bytes = new Uint8Array(this.#parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return {
      bytes: bytes.buffer,
      lengths: Float64Array.from(this.#lengths),
      dims: Uint32Array.from(this.#dims),
      counts: Uint32Array.from(this.#counts),
      bytesRead: Float64Array.from(this.#bytesRead),
      errors: this.#errors,
    };
  }
}

/** The stored rows of a batch: views of its buffer. `dimsPerField` says how many dimensions each field stores. */
export function* rowsOf(batch: WireBatch, dimsPerField: readonly number[]): Generator<StoredRow> {
  const errors = new Map(batch.errors);
  const fields = dimsPerField.length;
  let at = 0;
  let dim = 0;
  let sample = 0;
  for (const [place, count] of batch.counts.entries()) {
    const samples: EncodedSample[] = [];
    for (let i = 0; i < count; i++, sample++) {
      const begin = at;
      const rows = dimsPerField.map((_, field) => {
        const length = batch.lengths[sample * fields + field]!;
        at += length;
        return new Uint8Array(batch.bytes, at - length, length);
      });
      const dims = dimsPerField.map((dimCount) => {
        dim += dimCount;
        return batch.dims.subarray(dim - dimCount, dim);
      });
      samples.push({ rows, dims, bytes: at - begin });
    }
    const error = errors.get(place);
    yield { samples, error: error && errorFromJson(error), bytesRead: batch.bytesRead[place]! };
  }
}
