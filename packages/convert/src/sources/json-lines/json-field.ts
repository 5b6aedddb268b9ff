import { type FieldSpec, field } from '@zc/format';

/** How the values of one key become the values of a field. */
export interface JsonLinesField {
  readonly name: string;
  readonly spec: FieldSpec;
  /** The field's value; undefined where the JSON value is not of the field's type. */
  convert(value: unknown): unknown;
}

/**
 * Settles the field of a key by the values that were looked at; what fits no narrower kind is kept as JSON.
 *
 * @param values undefined where an object has no such key
 */
export function jsonLinesField(name: string, values: readonly unknown[]): JsonLinesField {
  const kind = kinds.find(({ has }) => values.every(has));
  if (kind)
    return { name, spec: kind.spec, convert: (value) => (kind.has(value) ? kind.convert(value) : undefined) };
  if (values.every(isNumbers)) return arrayField(name, values);
  // A key that is not there is kept as null.
  return { name, spec: field.json(), convert: (value) => value ?? null };
}

interface Kind {
  readonly spec: FieldSpec;
  has(value: unknown): boolean;
  convert(value: unknown): unknown;
}

const asIs = (value: unknown) => value;

/** Narrow ones first. */
const kinds: readonly Kind[] = [
  { spec: field.text(), has: (value) => typeof value === 'string', convert: asIs },
  { spec: field.scalar('bool'), has: (value) => typeof value === 'boolean', convert: asIs },
  { spec: field.scalar('int64'), has: Number.isSafeInteger, convert: (value) => BigInt(value as number) },
  { spec: field.scalar('float64'), has: (value) => typeof value === 'number', convert: asIs },
];

/** Numbers of one dimension: fixed where all have one length, else ragged; whole ones are `int64`. */
function arrayField(name: string, arrays: readonly number[][]): JsonLinesField {
  const length = arrays[0]!.length;
  const shape = length > 0 && arrays.every((array) => array.length === length) ? [length] : [null];
  if (arrays.every((array) => array.every(Number.isSafeInteger))) {
    return {
      name,
      spec: field.tensor('int64', shape),
      convert: (value) => (isIntegers(value) ? value : undefined),
    };
  }
  return {
    name,
    spec: field.tensor('float64', shape),
    convert: (value) => (isNumbers(value) ? value : undefined),
  };
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'number');
}

function isIntegers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}
