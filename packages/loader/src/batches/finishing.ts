import { isZcError, ZcError } from '@zc/errors';
import { BLOCK_BYTES, type FieldPlan } from '@zc/format';
import { runSlotSteps, type SlotStep, type ZeroCopyBuffer } from '@zc/io';
import { roundUp } from '../pages.js';
import type { TransformFields } from '../transforms/built-in.js';
import { PixelProgram } from '../transforms/pixel-program.js';
import type { RowDraws } from '../transforms/row-draws.js';
import type { BatchLayout, FieldSpan } from './batch-layout.js';
import { planNamed } from './named-plan.js';
import type { Padding } from './padding.js';

export interface FinishingOptions {
  /** Of the fields that batches have. */
  plans: readonly FieldPlan[];
  transforms: TransformFields;
  /** Of each padded field, by its name. */
  paddings: ReadonlyMap<string, Padding>;
  /** Whether bools are looked at. */
  checksBools: boolean;
}

/**
 * What is done to the rows of a batch between their reading and the user, natively and within the slot: what a
 * bool is checked to be, padding filled, transforms applied.
 *
 * Transformed rows get a place of their own behind everything that was read. The slot is thus larger by what
 * was read of these fields; in exchange nothing is allocated, and reading and transforming of different batches
 * overlap as the slots do (see docs/decisions/012-transforms.md).
 */
export class Finishing {
  readonly #programs = new Map<string, PixelProgram>();
  readonly #paddings: ReadonlyMap<string, Padding>;
  readonly #checksBools: boolean;

  /** @throws ZC_ARGUMENT for transforms of a field that is not there or that they do not fit */
  constructor({ plans, transforms, paddings, checksBools }: FinishingOptions) {
    this.#paddings = paddings;
    this.#checksBools = checksBools;
    for (const [name, list] of Object.entries(transforms)) {
      const program = new PixelProgram(planNamed(plans, name, 'transforms'));
      for (const transform of list) transform.addTo(program);
      if (list.length > 0) this.#programs.set(name, program);
    }
    for (const [name, padding] of paddings) {
      padding.checkValue(this.#programs.get(name)?.result ?? planNamed(plans, name, 'pad'));
    }
  }

  /** What transforms add to a batch of so many samples, in bytes, of which `readBytes` are what is read. */
  expectedBytes(plans: readonly FieldPlan[], samples: number, readBytes: number): number {
    let bytes = 0;
    for (const plan of plans) {
      const program = this.#programs.get(plan.field.name);
      if (program === undefined) continue;
      const { rowBytes, elementBytes } = program.result;
      const made = plan.fixed ? rowBytes * samples : readBytes * (elementBytes / plan.elementBytes);
      bytes += roundUp(made, BLOCK_BYTES);
    }
    return bytes;
  }

  /** The layout of a batch with the places of transformed rows added. */
  layOut(read: BatchLayout, length: number): BatchLayout {
    if (this.#programs.size === 0) return read;
    let end = read.lengthBytes;
    const fields = read.fields.map((span): FieldSpan => {
      const program = this.#programs.get(span.plan.field.name);
      if (program === undefined) return span;
      const plan = program.result;
      const offset = roundUp(end, BLOCK_BYTES);
      const lengthBytes = plan.fixed
        ? plan.rowBytes * length
        : (span.lengthBytes / span.plan.elementBytes) * plan.elementBytes;
      end = offset + lengthBytes;
      return {
        plan,
        offset,
        lengthBytes,
        variable: span.variable,
        raw: { plan: span.plan, offset: span.offset },
      };
    });
    return { ...read, fields, lengthBytes: end };
  }

  /**
   * Does the work, off the JavaScript thread.
   *
   * @param positions of each row, in the job's list: what random numbers depend on
   * @throws ZC_FORMAT_VALUE for a bool that is neither 0 nor 1; ZC_ARGUMENT
   */
  async run(
    slot: ZeroCopyBuffer,
    layout: BatchLayout,
    { ids, positions, draws }: { ids: Float64Array; positions: Float64Array; draws: RowDraws },
  ): Promise<void> {
    const steps = layout.fields.flatMap((span) => this.#stepsOf(span, positions, draws));
    if (steps.length === 0) return;
    try {
      await runSlotSteps(slot, steps);
    } catch (error) {
      throw namedBool(error, layout, ids);
    }
  }

  #stepsOf(span: FieldSpan, positions: Float64Array, draws: RowDraws): SlotStep[] {
    const { plan, offset, lengthBytes, variable, raw } = span;
    const { name } = plan.field;
    const steps: SlotStep[] = [];
    const program = this.#programs.get(name);
    const padding = this.#paddings.get(name);
    const padded = variable?.padded;
    const read = raw ?? span;
    if (this.#checksBools && isBool(read.plan)) {
      // What lies between the rows is no bool yet.
      const fill = padded && padding!.fill(read.offset, padded, { value: 0 });
      if (fill !== undefined) steps.push(fill);
      const elements = lengthBytes / plan.elementBytes;
      steps.push({ kind: 'bool', offset: read.offset, length: elements });
    }
    if (program !== undefined && raw !== undefined && lengthBytes > 0) {
      if (plan.fixed) steps.push(program.imageStep(raw.offset, offset, positions, draws));
      else steps.push(...program.elementSteps(raw.offset, offset, lengthBytes / plan.elementBytes));
    }
    // After the transforms: they also ran over what lies between the rows.
    const fill = padded && padding!.fill(offset, padded, { plan });
    if (fill !== undefined) steps.push(fill);
    return steps;
  }
}

function isBool({ field }: FieldPlan): boolean {
  return field.kind === 'tensor' && field.dtype === 'bool';
}

/** The native side knows a place in the slot; the user knows fields and samples. */
function namedBool(error: unknown, { fields }: BatchLayout, ids: Float64Array): unknown {
  if (!isZcError(error, 'ZC_ARGUMENT') || error.offset === undefined || error.actual === undefined)
    return error;
  const { offset, actual } = error;
  for (const span of fields) {
    const { plan, offset: begin } = span.raw ?? span;
    const at = offset - begin;
    if (!isBool(plan) || at < 0 || at >= span.lengthBytes / (span.plan.elementBytes / plan.elementBytes))
      continue;
    const row = rowAt(span, at, ids.length);
    const { name } = plan.field;
    return new ZcError(
      'ZC_FORMAT_VALUE',
      `field "${name}" of sample ${ids[row]} holds ${actual}, a bool is 0 or 1`,
      {
        ...{ expected: '0 or 1', actual, field: name, sample: ids[row] },
        advice: 'The shard was written wrong: write it again, or read with `verify: "never"`.',
      },
    );
  }
  return error;
}

function rowAt({ variable, lengthBytes, plan }: FieldSpan, at: number, rows: number): number {
  if (variable === undefined || variable.padded !== undefined) {
    return Math.floor(at / (lengthBytes / plan.elementBytes / rows));
  }
  return variable.offsets.findLastIndex((start) => start <= at);
}
