import { ZcError } from '@zc/errors';
import type { FieldSpec } from '@zc/format';
import { castOf } from './cast.js';
import { parseFieldType } from './field-type.js';
import { fieldNamed, specsOf, withFields } from './fields.js';
import type { Step, StepGiven } from './step.js';

/**
 * Gives fields another type: elements are cast, tensors reshaped, raw bytes taken as elements, texts read as numbers.
 *
 * Floats may lose precision; an integer that does not fit, and a length that does not, is the error of that row.
 *
 * @param types by the fields' names, such as `uint8[224,224,3]`
 * @throws ZC_ARGUMENT with the reason, where a field cannot become what is asked for; ZC_FORMAT_VALUE
 */
export function openOverride(types: Readonly<Record<string, string>>, { before }: StepGiven): Step {
  const specs = specsOf(before);
  const casts = Object.entries(types).map(([name, type]) => {
    const from = fieldNamed(before, name, 'field');
    const to: FieldSpec = parseFieldType(type, name);
    specs.set(name, to);
    return { name, type, cast: castOf(from, to) };
  });
  return {
    schema: withFields(before, specs),
    apply(sample, { index, origin }) {
      const changed = { ...sample };
      for (const { name, type, cast } of casts) {
        try {
          changed[name] = cast(sample[name]);
        } catch (cause) {
          const { message } = cause as Error;
          const summary = `row ${index} of field "${name}" does not become ${type}: ${message}`;
          throw new ZcError('ZC_FORMAT_VALUE', summary, { path: origin, field: name, row: index, cause });
        }
      }
      return changed;
    },
  };
}
