import { ZcError } from '@zc/errors';
import { dtypes, field, type TensorField, type TypedArray } from '@zc/format';
import { fieldNamed, specsOf, withFields } from './fields.js';
import type { Step, StepGiven } from './step.js';

/**
 * Makes ragged dimensions fixed: those that are the same in all rows. The first sample tells their extents; a later
 * one that differs is refused.
 *
 * @throws ZC_ARGUMENT for a field that is no tensor; ZC_CONVERT_EMPTY where there is no sample; ZC_CONVERT_MIXED
 */
export async function openFixed(names: readonly string[], given: StepGiven): Promise<Step> {
  const { before } = given;
  const ragged = names.map((name) => raggedField(fieldNamed(before, name, 'fixed')));
  const specs = specsOf(before);
  const expected = new Map<string, readonly number[]>();
  const { sample } = await given.first();
  for (const tensor of ragged) {
    const found = shapeOf(sample[tensor.name], tensor);
    if (found.includes(0)) {
      throw new ZcError(
        'ZC_CONVERT_MIXED',
        `fixed: the first "${tensor.name}" is empty, of shape [${found}]`,
        {
          actual: found,
        },
      );
    }
    expected.set(tensor.name, found);
    specs.set(tensor.name, field.tensor(tensor.dtype, found));
  }
  return {
    schema: withFields(before, specs),
    apply(sample, { origin }) {
      for (const field of ragged) {
        const wanted = expected.get(field.name)!;
        const found = shapeOf(sample[field.name], field);
        if (found.length === wanted.length && found.every((extent, i) => extent === wanted[i])) continue;
        const summary = `"${field.name}" has shape [${found}], that of the first row is [${wanted}]`;
        throw new ZcError('ZC_CONVERT_MIXED', summary, {
          path: origin,
          expected: wanted,
          actual: found,
          advice: `Leave ${field.name} out of --fixed, or leave such rows out with --on-error skip.`,
        });
      }
      return sample;
    },
  };
}

function raggedField(found: { kind: string; name: string }): Pick<TensorField, 'name' | 'dtype' | 'shape'> {
  if (found.kind === 'tensor') return found as TensorField;
  throw new ZcError(
    'ZC_ARGUMENT',
    `fixed: field "${found.name}" is ${found.kind}, and only tensors have a shape`,
    {
      actual: found.kind,
    },
  );
}

/** The shape of a value; one that comes without it has at most one ragged dimension, which its length tells. */
function shapeOf(value: unknown, { dtype, shape }: Pick<TensorField, 'name' | 'dtype' | 'shape'>): number[] {
  const given = value as { shape?: readonly number[]; data?: ArrayLike<unknown> } & ArrayLike<unknown>;
  if (given?.shape !== undefined) return [...given.shape];
  const elements = ((given?.data ?? given) as TypedArray)?.length / dtypes[dtype].lanes;
  const rest = shape.reduce<number>((product, extent) => product * (extent ?? 1), 1);
  return shape.map((extent) => extent ?? elements / rest);
}
