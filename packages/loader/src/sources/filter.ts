import { ZcError } from '@zc/errors';
import { decodeRow } from '@zc/format';
import { type Batch, makeBatch } from '../batches/batch.js';
import type { FieldSpan } from '../batches/batch-layout.js';
import { NOT_RANDOM, plainMaker } from '../batches/batch-maker.js';
import { BatchMemory } from '../batches/batch-memory.js';
import type { PackedColumn, ValuesColumn } from '../batches/columns.js';
import { defaultMaxMemoryBytes } from '../batches/memory-budget.js';
import { BatchQueue } from '../passes/batch-queue.js';
import type { FilterOptions, IndexedSource } from './selection.js';
import { sourceParts } from './source.js';

/** Samples that are looked at together: so many, or what this much memory holds. */
const SAMPLES_MAX = 4096;
const BATCH_BYTES = 8 * 2 ** 20;
/** Batches that are read ahead. */
const DEPTH = 3;

/** The numbers of the samples for which a predicate gives true, ascending. */
export async function matchingNumbers(
  source: IndexedSource,
  predicate: (sample: unknown) => boolean,
  { fields, signal }: FilterOptions,
): Promise<number[]> {
  if (typeof predicate !== 'function') {
    throw new ZcError('ZC_ARGUMENT', `a filter needs a function, not ${String(predicate)}`);
  }
  const { rows, number } = source[sourceParts]();
  const maker = plainMaker(rows, fields);
  const bytesPerSample = maker.expectedBytes(SAMPLES_MAX) / SAMPLES_MAX;
  const perBatch = Math.max(1, Math.min(SAMPLES_MAX, Math.floor(BATCH_BYTES / bytesPerSample)));
  const memory = new BatchMemory({
    slots: DEPTH + 1,
    slotBytes: maker.expectedBytes(Math.min(perBatch, source.length)),
    maxMemoryBytes: Math.max(4 * DEPTH * BATCH_BYTES, defaultMaxMemoryBytes(rows.pageCacheBudget)),
    detach: true,
  });
  const queue = new BatchQueue({
    maker,
    ...NOT_RANDOM,
    memory,
    cache: rows.store.cache,
    batches: Math.ceil(source.length / perBatch),
    idsOf(batch) {
      const first = batch * perBatch;
      const ids = Float64Array.from(
        { length: Math.min(perBatch, source.length - first) },
        (_, i) => first + i,
      );
      number(ids, ids.length);
      return ids;
    },
    labelOf: (batch) => `batch ${batch} of a filter`,
    depth: { batches: DEPTH },
    signal,
  });
  const numbers: number[] = [];
  try {
    for (let first = 0; first < source.length; first += perBatch) {
      using batch = makeBatch((await queue.next())!);
      for (let i = 0; i < batch.length; i++) {
        const wanted: unknown = predicate(sampleAt(batch, i));
        // A promise would pass for true.
        if (wanted instanceof Promise) throw asynchronousPredicate();
        if (wanted) numbers.push(first + i);
      }
    }
  } finally {
    await queue.close();
    memory.close();
  }
  return numbers;
}

/** One sample of a batch as `Dataset.get` gives it; its tensors and bytes are views of the batch. */
function sampleAt(batch: Batch, i: number): Record<string, unknown> {
  const sample: Record<string, unknown> = {};
  for (const span of batch.slot.layout.fields) {
    const { field } = span.plan;
    sample[field.name] = valueAt((batch.fields as Record<string, unknown>)[field.name], span, i);
  }
  return sample;
}

function valueAt(column: unknown, { plan, offset }: FieldSpan, i: number): unknown {
  const { field, fixed, rowBytes } = plan;
  if (field.kind !== 'tensor') return (column as ValuesColumn).at(i);
  const place = { name: 'batch', row: i, offset: 0 };
  if (!fixed) {
    const packed = column as PackedColumn;
    const row = packed.row(i);
    const bytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
    return decodeRow(plan, bytes, packed.shapes(i), place);
  }
  const { buffer } = (column as { data: Uint8Array }).data;
  const bytes = new Uint8Array(buffer, offset + i * rowBytes, rowBytes);
  return decodeRow(plan, bytes, field.shape as readonly number[], place);
}

function asynchronousPredicate(): ZcError {
  return new ZcError('ZC_ARGUMENT', 'the predicate of a filter gave a promise', {
    advice: 'Decide at once: what a predicate is given is gone when it returns.',
  });
}
