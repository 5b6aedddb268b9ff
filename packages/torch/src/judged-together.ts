import { type LoaderStats, verdictOf } from '@zc/loader';
import type { ConsumerCounts } from './requests.js';

const NOTHING_GATHERED = { batches: 0, samples: 0, bytes: 0, copy_ms: 0 };

/**
 * What a loader counted and what its client did, as one: the client alone knows how long it waited, and for its step.
 *
 * What the client gathered from memory counts as copied there, and as found there. Names are as the client's
 * language has them.
 */
export function judgedTogether(loader: LoaderStats, consumer: ConsumerCounts): Record<string, unknown> {
  const { verdict: _, ...counts } = loader;
  const { waited_ms: waitedMs, step_ms: stepMs, stalls, ready_batches: readyBatches } = consumer;
  const gathered = consumer.gathered ?? NOTHING_GATHERED;
  const known = {
    ...counts,
    ...{ waitedMs, stepMs, stalls, readyBatches },
    batches: counts.batches + gathered.batches,
    samples: counts.samples + gathered.samples,
    bytesCopied: counts.bytesCopied + gathered.bytes,
    bytesResident: counts.bytesResident + gathered.bytes,
    copyMs: counts.copyMs + gathered.copy_ms,
  };
  return { ...toSnakeCase(known), verdict: verdictOf(known) };
}

function toSnakeCase(counts: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(counts).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
