import { isZcError, ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import { convertLimits } from '../limits.js';
import type { BadRow, SourceRow } from '../sources/sample-source.js';
import { type DecodeSpec, openDecode } from './decode.js';
import { openDrop } from './drop.js';
import { openFixed } from './fixed.js';
import { openOverride } from './override.js';
import { openRename } from './rename.js';
import type { Step, StepGiven, StepRow, StepSample } from './step.js';
import { openMap } from './user-map.js';

/** A step as plain data, which can cross to another thread. */
export type StepSpec =
  | { readonly kind: 'drop'; readonly names: readonly string[] }
  | { readonly kind: 'rename'; readonly names: Readonly<Record<string, string>> }
  | { readonly kind: 'decode'; readonly spec: DecodeSpec }
  | { readonly kind: 'map'; readonly url: string }
  | { readonly kind: 'override'; readonly types: Readonly<Record<string, string>> }
  | { readonly kind: 'fixed'; readonly names: readonly string[] };

/** Rows of the source that can be looked at before they are taken. */
export interface FirstRows {
  /** The row of that number from the beginning; undefined behind the last. */
  at(index: number): Promise<SourceRow | BadRow | undefined>;
}

/** The steps between a source and a dataset, one behind the other. */
export class StepChain {
  readonly #steps: readonly Step[];
  /** Of the samples behind the last step. */
  readonly schema: Schema;

  /**
   * Opens every step with the schema of the one before it, and with the first sample where its schema depends on it.
   *
   * @throws ZC_ARGUMENT, ZC_TRANSFORM, ZC_CONVERT_UNSUPPORTED; ZC_CONVERT_EMPTY where no sample comes
   */
  static async open(specs: readonly StepSpec[], schema: Schema, rows: FirstRows): Promise<StepChain> {
    const steps: Step[] = [];
    let before = schema;
    for (const spec of specs) {
      const step = await openStep(spec, { before, ...firstBehind([...steps], rows) });
      steps.push(step);
      before = step.schema;
    }
    return new StepChain(steps, before);
  }

  private constructor(steps: readonly Step[], schema: Schema) {
    this.#steps = steps;
    this.schema = schema;
  }

  /** What becomes of one sample. @throws the error of this sample */
  apply(sample: StepSample, row: StepRow): Promise<StepSample[]> {
    return applyAll(this.#steps, sample, row);
  }
}

function openStep(spec: StepSpec, given: StepGiven): Step | Promise<Step> {
  switch (spec.kind) {
    case 'drop':
      return openDrop(spec.names, given);
    case 'rename':
      return openRename(spec.names, given);
    case 'decode':
      return openDecode(spec.spec, given);
    case 'map':
      return openMap(spec.url, given);
    case 'override':
      return openOverride(spec.types, given);
    case 'fixed':
      return openFixed(spec.names, given);
  }
}

async function applyAll(steps: readonly Step[], sample: StepSample, row: StepRow): Promise<StepSample[]> {
  let samples = [sample];
  for (const step of steps) {
    const behind: StepSample[] = [];
    for (const sample of samples) {
      const result = await step.apply(sample, row);
      if (Array.isArray(result)) behind.push(...result);
      else if (result !== undefined) behind.push(result as StepSample);
    }
    samples = behind;
  }
  return samples;
}

/** The first sample that comes out of some steps; rows that are bad, or that nothing comes of, are passed over. */
function firstBehind(steps: readonly Step[], rows: FirstRows): Pick<StepGiven, 'first' | 'skipFirst'> {
  let index = 0;
  let found: Promise<{ sample: StepSample; row: StepRow }> | undefined;
  const search = async () => {
    let cause: unknown;
    for (; index < convertLimits.FIRST_ROWS_MAX; index++) {
      const source = await rows.at(index);
      if (source === undefined) break;
      if ('error' in source) {
        cause ??= source.error;
        continue;
      }
      const row = { index, origin: source.origin };
      try {
        const [sample] = await applyAll(steps, { ...source.sample }, row);
        if (sample !== undefined) return { sample, row };
      } catch (error) {
        if (!isZcError(error)) throw error;
        cause ??= error;
      }
    }
    if (isZcError(cause)) throw cause;
    throw new ZcError('ZC_CONVERT_EMPTY', `no sample came of the first ${index} rows`, {
      advice: 'The steps drop every row, or there is none.',
    });
  };
  return {
    first() {
      found ??= search();
      return found;
    },
    async skipFirst() {
      await found;
      found = undefined;
      index++;
    },
  };
}
