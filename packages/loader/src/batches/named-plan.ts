import { ZcError } from '@zc/errors';
import type { FieldPlan } from '@zc/format';

/**
 * The plan of the field that an option names.
 *
 * @throws ZC_ARGUMENT where batches have no such field
 */
export function planNamed(plans: readonly FieldPlan[], name: string, option: string): FieldPlan {
  const plan = plans.find(({ field }) => field.name === name);
  if (plan !== undefined) return plan;
  const known = plans.map(({ field }) => field.name);
  throw new ZcError('ZC_ARGUMENT', `${option}: batches have no field "${name}"`, {
    expected: known,
    actual: name,
  });
}
