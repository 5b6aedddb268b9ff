import { ZcError } from '@zc/errors';
import { fieldNamed, specsOf, withFields } from './fields.js';
import type { Step, StepGiven } from './step.js';

/** Leaves fields out. @throws ZC_ARGUMENT for one that there is not, and where none would be left */
export function openDrop(names: readonly string[], { before }: StepGiven): Step {
  const specs = specsOf(before);
  for (const name of names) {
    fieldNamed(before, name, 'drop');
    specs.delete(name);
  }
  if (specs.size === 0) {
    throw new ZcError('ZC_ARGUMENT', 'drop: no field would be left', { actual: names });
  }
  const schema = withFields(before, specs);
  return {
    schema,
    apply(sample) {
      const rest = { ...sample };
      for (const name of names) delete rest[name];
      return rest;
    },
  };
}
