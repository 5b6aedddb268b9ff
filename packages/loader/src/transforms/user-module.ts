import { ZcError } from '@zc/errors';
import { defineSchema, type FieldPlan, type FieldSpec, planFields } from '@zc/format';
import type { TransformBatch, TransformOutputs } from './transform-batch.js';

/**
 * What is done to a whole batch: it changes `batch.fields` in place, or fills what its module's `schema` declares.
 *
 * @param out by the names of the schema: views of the slot
 */
export type TransformFunction = (batch: TransformBatch, out: TransformOutputs) => void | Promise<void>;

/** A module with a transform: the function is its default export. */
export interface TransformModule {
  readonly default: TransformFunction;
  /** The fields that it makes, tensors of fixed shape; one with the name of a field takes its place. */
  readonly schema?: Readonly<Record<string, FieldSpec>> | undefined;
}

/**
 * The plans of the fields that a module makes.
 *
 * @throws ZC_ARGUMENT where it is not such a module
 */
export function checkModule(module: Partial<TransformModule>, name: string): FieldPlan[] {
  if (typeof module.default !== 'function') {
    throw new ZcError('ZC_ARGUMENT', `${name} has no function as its default export`, {
      actual: Object.keys(module),
    });
  }
  const { schema } = module;
  if (schema === undefined || Object.keys(schema).length === 0) return [];
  const plans = planFields(defineSchema(schema));
  const ragged = plans.find(({ fixed }) => !fixed);
  if (ragged === undefined) return plans;
  throw new ZcError(
    'ZC_ARGUMENT',
    `${name} makes field "${ragged.field.name}", which is no tensor of fixed shape`,
    {
      actual: ragged.field,
    },
  );
}
