import { ZcError } from '@zc/errors';
import type { Field, Schema } from '@zc/format';

/** What one schema says and another does not, one difference an entry; none where they are the same. */
export function schemaDifferences(a: Schema, b: Schema): string[] {
  const names = (schema: Schema) => schema.fields.map(({ name }) => name);
  const differences = [
    ...missing(names(a), names(b), (name) => `field "${name}" is only in the first`),
    ...missing(names(b), names(a), (name) => `field "${name}" is only in the second`),
  ];
  for (const field of a.fields) {
    const other = b.fields.find(({ name }) => name === field.name);
    if (other) differences.push(...fieldDifferences(field, other));
  }
  if (differences.length === 0 && String(names(a)) !== String(names(b))) {
    differences.push(`the fields are in another order: ${names(a)} and ${names(b)}`);
  }
  if (a.main !== b.main) differences.push(`the main field is "${a.main}" and "${b.main}"`);
  for (const key of new Set([...Object.keys(a.metadata), ...Object.keys(b.metadata)])) {
    if (a.metadata[key] === b.metadata[key]) continue;
    differences.push(`the metadata "${key}" is ${text(a.metadata[key])} and ${text(b.metadata[key])}`);
  }
  return differences;
}

/** @throws ZC_FORMAT_SCHEMA where `other` is not the same schema, naming the first difference */
export function demandSameSchema(
  first: { readonly path: string; readonly schema: Schema },
  other: { readonly path: string; readonly schema: Schema },
): void {
  const [difference] = schemaDifferences(first.schema, other.schema);
  if (difference === undefined) return;
  throw new ZcError('ZC_FORMAT_SCHEMA', `it has not the schema of ${first.path}: ${difference}`, {
    path: other.path,
    advice: 'Datasets of one schema are put together; `zc diff` lists all differences.',
  });
}

function fieldDifferences(a: Field, b: Field): string[] {
  const [left, right] = [a, b] as unknown as Record<string, unknown>[];
  const keys = new Set([...Object.keys(left!), ...Object.keys(right!)]);
  return [...keys].flatMap((key) => {
    const [one, two] = [text(left![key]), text(right![key])];
    return one === two ? [] : [`field "${a.name}" has ${key} ${one} and ${two}`];
  });
}

function missing(all: string[], from: string[], words: (name: string) => string): string[] {
  return all.filter((name) => !from.includes(name)).map(words);
}

const TEXT_MAX = 100;

function text(value: unknown): string {
  const json = value === undefined ? 'nothing' : JSON.stringify(value);
  return json.length > TEXT_MAX ? `${json.slice(0, TEXT_MAX)}…` : json;
}
