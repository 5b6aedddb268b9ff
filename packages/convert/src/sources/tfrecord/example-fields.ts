import { ZcError } from '@zc/errors';
import { type FieldSpec, field } from '@zc/format';
import { mediaTypeOf } from '../tables/media-type.js';
import type { Example, Feature } from './example.js';

/** How the values of one feature become those of a field. */
export interface ExampleField {
  readonly name: string;
  readonly spec: FieldSpec;
  /** @throws TypeError saying why it cannot be a value of the field */
  convert(feature: Feature | undefined): unknown;
}

/**
 * Settles the fields by the first examples, for a TFRecord says nothing of its own: a feature that has one value in
 * each of them is a scalar, one that always has as many a tensor of that length, any other a ragged one.
 *
 * @throws ZC_CONVERT_UNSUPPORTED for a list of several pieces of bytes, ZC_CONVERT_MIXED for one of two kinds
 */
export function exampleFields(examples: readonly Example[], path: string): ExampleField[] {
  const names = new Set(examples.flatMap(({ features }) => [...features.keys()]));
  // By name: a map of protobuf has no order of its own.
  return [...names].sort().map((name) => {
    const found = examples.flatMap(({ features }) => features.get(name) ?? []);
    const kinds = new Set(found.map(({ kind }) => kind));
    const [kind] = kinds;
    if (kinds.size > 1) {
      throw new ZcError(
        'ZC_CONVERT_MIXED',
        `feature "${name}" is of several kinds: ${[...kinds].join(', ')}`,
        { path },
      );
    }
    const lengths = new Set(examples.map(({ features }) => features.get(name)?.values.length ?? 0));
    const [length] = lengths;
    if (kind === 'bytes') return bytesField(name, found, lengths, path);
    const dtype = kind === 'float' ? ('float32' as const) : ('int64' as const);
    const isFixed = lengths.size === 1 && length! > 0;
    if (isFixed && length === 1) {
      return { name, spec: field.scalar(dtype), convert: (feature) => single(feature, kind!) };
    }
    return {
      name,
      spec: field.tensor(dtype, [isFixed ? length! : null]),
      convert: (feature) => list(feature, kind!),
    };
  });
}

function bytesField(
  name: string,
  found: readonly Feature[],
  lengths: ReadonlySet<number>,
  path: string,
): ExampleField {
  if (lengths.size !== 1 || !lengths.has(1)) {
    throw new ZcError(
      'ZC_CONVERT_UNSUPPORTED',
      `feature "${name}" holds ${[...lengths].join(' or ')} pieces of bytes`,
      {
        path,
        advice: 'A field holds one piece a sample: write each as a feature of its own, or join them.',
      },
    );
  }
  const pieces = found.map(({ values }) => values[0] as Uint8Array);
  const mediaTypes = new Set(pieces.map((bytes) => mediaTypeOf(bytes)));
  const [mediaType] = mediaTypes;
  if (mediaTypes.size === 1 && mediaType !== undefined) {
    return { name, spec: field.bytes({ mediaType }), convert: (feature) => single(feature, 'bytes') };
  }
  if (pieces.every(isText)) {
    return { name, spec: field.text(), convert: (feature) => textOf(single(feature, 'bytes') as Uint8Array) };
  }
  return { name, spec: field.bytes(), convert: (feature) => single(feature, 'bytes') };
}

function single(feature: Feature | undefined, kind: Feature['kind']): unknown {
  const values = valuesOf(feature, kind);
  if (values.length === 1) return values[0];
  throw new TypeError(`it has ${values.length} values, the first ones had one`);
}

function list(feature: Feature | undefined, kind: Feature['kind']): unknown {
  // A list without values is left out by some writers.
  if (feature === undefined) return kind === 'float' ? new Float32Array() : new BigInt64Array();
  return valuesOf(feature, kind);
}

function valuesOf(feature: Feature | undefined, kind: Feature['kind']): Feature['values'] {
  if (feature === undefined) throw new TypeError('the example lacks it');
  if (feature.kind === kind) return feature.values;
  throw new TypeError(`it is of kind ${feature.kind}, the first ones were ${kind}`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new TypeError('it is not UTF-8, the first ones were', { cause });
  }
}

function isText(bytes: Uint8Array): boolean {
  // Control characters, but for white space, are of no text that somebody wrote.
  if (bytes.some((byte) => byte < 0x20 && (byte < 0x09 || byte > 0x0d))) return false;
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
