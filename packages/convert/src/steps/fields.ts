import { ZcError } from '@zc/errors';
import { defineSchema, type Field, type FieldSpec, type Schema } from '@zc/format';

/** The field of that name. @throws ZC_ARGUMENT, which lists those that there are; `option` is what named it */
export function fieldNamed(schema: Schema, name: string, option: string): Field {
  const found = schema.fields.find((field) => field.name === name);
  if (found !== undefined) return found;
  throw new ZcError('ZC_ARGUMENT', `${option}: there is no field "${name}"`, {
    actual: name,
    advice: `The fields are ${schema.fields.map(({ name }) => name).join(', ')}.`,
  });
}

/** The schema of other fields in the given order; what was chosen for the old ones by default is chosen anew. */
export function withFields(schema: Schema, fields: ReadonlyMap<string, FieldSpec>): Schema {
  return defineSchema(Object.fromEntries(fields), { metadata: schema.metadata });
}

/** The fields of a schema as they would be described, by their names. */
export function specsOf(schema: Schema): Map<string, FieldSpec> {
  return new Map(schema.fields.map((field) => [field.name, specOf(field)]));
}

/** A field as it would be described: without its name. */
export function specOf(field: Field): FieldSpec {
  const { name: _, ...spec } = field;
  return spec as FieldSpec;
}
