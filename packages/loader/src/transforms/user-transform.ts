import { inspect } from 'node:util';
import { ZcError } from '@zc/errors';
import { BLOCK_BYTES, type FieldPlan } from '@zc/format';
import type { ZeroCopyBuffer } from '@zc/io';
import type { BatchLayout, FieldSpan } from '../batches/batch-layout.js';
import type { OptionRule } from '../options.js';
import { roundUp } from '../pages.js';
import { WorkerPool } from '../worker-pool.js';
import {
  columnsOf,
  TransformBatch,
  type TransformOutputs,
  type TransformWork,
  workSpans,
} from './transform-batch.js';
import { checkModule, type TransformFunction, type TransformModule } from './user-module.js';

/**
 * A transform of the user's own: the URL of a module, which runs in worker threads; or a function, or a module that
 * was imported, which runs on the main thread and holds up everything else there.
 */
export type UserTransform = URL | TransformFunction | TransformModule;

export const userTransform: OptionRule = {
  words: 'the URL of a module, a function, or a module with a default export',
  allows: (value) =>
    value instanceof URL ||
    typeof value === 'function' ||
    typeof (value as TransformModule | null)?.default === 'function',
};

/** Runs a transform, here or elsewhere. */
export interface TransformRunner {
  /** The fields that it makes; known once `load` has ended. */
  readonly outputs: readonly FieldPlan[] | undefined;
  load(): Promise<unknown>;
  /** Once the signal has come it need not begin. */
  run(slot: ZeroCopyBuffer, work: TransformWork, signal: AbortSignal | undefined): Promise<void>;
  close(): Promise<void>;
}

/** @throws ZC_ARGUMENT */
export function runnerOf(transform: UserTransform, workers: number | undefined): TransformRunner {
  if (transform instanceof URL) return new WorkerPool({ url: transform, workers });
  const module = typeof transform === 'function' ? { default: transform } : transform;
  return new MainThread(module);
}

/** The layout with what a transform makes: behind everything else, or in place of a field of the same name. */
export function withOutputs(layout: BatchLayout, outputs: readonly FieldPlan[], rows: number): BatchLayout {
  let end = layout.lengthBytes;
  const made = new Map<string, FieldSpan>();
  for (const plan of outputs) {
    const offset = roundUp(end, BLOCK_BYTES);
    const lengthBytes = rows * plan.rowBytes;
    made.set(plan.field.name, { plan, offset, lengthBytes });
    end = offset + lengthBytes;
  }
  const kept = layout.fields.map((span) => {
    const { name } = span.plan.field;
    const instead = made.get(name);
    made.delete(name);
    return instead ?? span;
  });
  return { ...layout, fields: [...kept, ...made.values()], lengthBytes: end };
}

/** What is told to a transform: the fields before it, and those that it makes. */
export function workOf(
  before: BatchLayout,
  after: BatchLayout,
  batch: Omit<TransformWork, 'inputs' | 'outputs'>,
): TransformWork {
  const outputs = after.fields.filter((span) => !before.fields.includes(span));
  return { ...batch, inputs: workSpans(before), outputs };
}

/** The error of a transform, with the samples it belongs to. */
export function transformError(cause: unknown, samples: readonly number[]): ZcError {
  const words = cause instanceof Error ? `${cause.name}: ${cause.message}` : inspect(cause);
  const named = samples.length === 1 ? `sample ${samples[0]}` : `a batch of ${samples.length} samples`;
  return new ZcError('ZC_TRANSFORM', `the transform failed on ${named}: ${words}`, { cause, samples });
}

class MainThread implements TransformRunner {
  readonly outputs: readonly FieldPlan[];
  readonly #function: TransformFunction;

  constructor(module: TransformModule) {
    this.outputs = checkModule(module, 'the transform');
    this.#function = module.default;
  }

  async load(): Promise<void> {}

  async run({ buffer }: ZeroCopyBuffer, work: TransformWork): Promise<void> {
    const batch = new TransformBatch(buffer, work);
    const out = columnsOf(buffer, work.outputs, batch.length) as TransformOutputs;
    try {
      await this.#function(batch, out);
    } catch (error) {
      throw transformError(error, batch.samplesAtFault());
    }
  }

  async close(): Promise<void> {}
}
