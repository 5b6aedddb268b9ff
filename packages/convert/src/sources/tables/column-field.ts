import { ZcError } from '@zc/errors';
import { type Dtype, type FieldSpec, field, type Shape } from '@zc/format';
import type { Column, ColumnType } from './column-type.js';
import { mediaTypeOf } from './media-type.js';
import type { ColumnHint } from './table-hints.js';
import { elementOf, tensorOfLists } from './tensor-of-lists.js';

/** How the values of a column become those of a field. */
export interface ColumnField {
  readonly name: string;
  readonly spec: FieldSpec;
  /** What a number counts, where it is a time. */
  readonly unit: string | undefined;
  /** @throws TypeError saying why it cannot be a value of the field */
  convert(value: unknown): unknown;
}

/**
 * The field that a column becomes.
 *
 * @param first some of its values, by which the media type of encoded images is told
 * @throws ZC_CONVERT_UNSUPPORTED for a type that no field can hold
 */
export function columnField(
  { name, type }: Column,
  context: { hint: ColumnHint; first: readonly unknown[]; path: string },
): ColumnField {
  const { hint, path } = context;
  const refused = refusalOf(type);
  if (refused) {
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `column "${name}" holds ${refused.title}`, {
      path,
      advice: refused.advice,
    });
  }
  const made = fieldOf(type, hint, context.first);
  return { name, unit: type.kind === 'number' ? type.unit : undefined, ...restored(made, hint) };
}

type Made = Pick<ColumnField, 'spec' | 'convert'>;

function fieldOf(type: ColumnType, hint: ColumnHint, first: readonly unknown[]): Made {
  if (type.kind === 'text') return { spec: field.text(), convert: textOf };
  if (type.kind === 'binary') return binaryField(first);
  if (type.kind === 'number') return scalarField(type.dtype);
  if (type.kind === 'struct' && isMedia(type, hint)) return mediaField(first);
  const tensor = tensorType(type);
  if (tensor === undefined) return { spec: field.json(), convert: toJson };
  const shape = hint.shape?.length === tensor.shape.length ? hint.shape : tensor.shape;
  return tensorField(tensor.dtype, shape);
}

function scalarField(dtype: Dtype): Made {
  return {
    spec: field.scalar(dtype),
    convert(value) {
      if (value === null || value === undefined) throw new TypeError('it is null');
      if (dtype === 'bool') return Boolean(value);
      // A scalar of 16 bits is given as the number that it is.
      if (dtype === 'float16' || dtype === 'bfloat16') return value;
      return elementOf(dtype, value);
    },
  };
}

function tensorField(dtype: Dtype, shape: Shape): Made {
  return {
    spec: field.tensor(dtype, shape),
    convert(value) {
      if (value === null || value === undefined) throw new TypeError('it is null');
      return { dtype, ...tensorOfLists(value, dtype, shape) };
    },
  };
}

function binaryField(first: readonly unknown[]): Made {
  const mediaType = commonMediaType(first.map((value) => ({ bytes: value, path: null })));
  return {
    spec: field.bytes({ ...(mediaType && { mediaType }) }),
    convert(value) {
      if (value instanceof Uint8Array) return value;
      throw new TypeError(value === null ? 'it is null' : 'it holds no bytes');
    },
  };
}

/** Images and recordings as `datasets` keeps them: their bytes, and the name of the file that they came from. */
function mediaField(first: readonly unknown[]): Made {
  const mediaType = commonMediaType(first);
  return {
    spec: field.bytes({ ...(mediaType && { mediaType }) }),
    convert(value) {
      const bytes = (value as { bytes?: unknown } | null)?.bytes;
      if (bytes instanceof Uint8Array) return bytes;
      throw new TypeError(
        value === null ? 'it is null' : 'it has no bytes, only the path of a file elsewhere',
      );
    },
  };
}

function commonMediaType(values: readonly unknown[]): string | undefined {
  const found = new Set(
    values.map((value) => {
      const { bytes, path } = (value ?? {}) as { bytes?: unknown; path?: string | null };
      return bytes instanceof Uint8Array ? mediaTypeOf(bytes, path) : undefined;
    }),
  );
  return found.size === 1 ? [...found][0] : undefined;
}

function isMedia(type: ColumnType, hint: ColumnHint): boolean {
  if (type.kind !== 'struct') return false;
  const names = type.members.map(({ name }) => name);
  const isBytesAndPath =
    names.length === 2 &&
    names.includes('path') &&
    type.members.some(({ name, type: { kind } }) => name === 'bytes' && kind === 'binary');
  return isBytesAndPath || (hint.media !== undefined && names.includes('bytes'));
}

/** Lists of lists of numbers; undefined where something else lies in them. */
function tensorType(type: ColumnType): { dtype: Dtype; shape: (number | null)[] } | undefined {
  const shape: (number | null)[] = [];
  let item = type;
  while (item.kind === 'list') {
    // A dimension of nothing can be none of a fixed shape.
    shape.push(item.length === 0 ? null : item.length);
    item = item.item;
  }
  return item.kind === 'number' ? { dtype: item.dtype, shape } : undefined;
}

/** The first type in it, itself included, that nothing can hold. */
function refusalOf(type: ColumnType, isNested = false): { title: string; advice: string } | undefined {
  switch (type.kind) {
    case 'unsupported':
      return type;
    case 'binary':
      return isNested
        ? { title: 'bytes within lists or structs', advice: 'Make it a column of its own.' }
        : undefined;
    case 'list':
      return refusalOf(type.item, true);
    case 'struct': {
      if (!isNested && isMedia(type, {})) return undefined;
      for (const member of type.members) {
        const refused = refusalOf(member.type, true);
        if (refused) return refused;
      }
      return undefined;
    }
    default:
      return undefined;
  }
}

/** What the export of a dataset had to change comes back as it was, where the column still fits. */
function restored(made: Made, { field: exported }: ColumnHint): Made {
  const { spec } = made;
  if (exported === undefined) return made;
  if (exported.kind === 'json' && spec.kind === 'utf8') {
    return { spec: field.json(), convert: (value) => JSON.parse(made.convert(value) as string) as unknown };
  }
  if (exported.kind === 'bytes' && spec.kind === 'bytes') {
    const { mediaType } = exported;
    return { spec: field.bytes({ ...(mediaType !== undefined && { mediaType }) }), convert: made.convert };
  }
  if (exported.kind !== 'tensor' || spec.kind !== 'tensor') return made;
  const { dtype, shape } = exported;
  const isComplex = dtype === 'complex64' && spec.dtype === 'float32';
  const isSame = dtype === spec.dtype || (dtype === 'bfloat16' && spec.dtype === 'float32');
  const rank = shape.length + (isComplex ? 1 : 0);
  if (!(isSame || isComplex) || rank !== spec.shape.length) return made;
  if (!isComplex)
    return shape.length === 0
      ? { ...scalarField(dtype), spec: field.tensor(dtype, []) }
      : tensorField(dtype, shape);
  return {
    spec: field.tensor(dtype, shape),
    convert(value) {
      const pairs = tensorOfLists(value, 'float32', [...shape, 2]);
      if (shape.length === 0) return [pairs.data[0], pairs.data[1]];
      return { dtype, data: pairs.data, shape: pairs.shape.slice(0, -1) };
    },
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(value === null || value === undefined ? 'it is null' : 'it holds no text');
}

/** Structs and lists as JSON; integers beyond those of JavaScript would lose digits, so they are refused. */
function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new TypeError(`it holds ${value}, which JSON readers would round`);
  }
  if (value === undefined) return null;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError(`it holds ${value}, for which JSON has no word`);
  }
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return Array.from(value as unknown as unknown[], toJson);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]));
}
