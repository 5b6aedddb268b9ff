import { ZcError } from '@zc/errors';
import type { Dtype, ScalarOf, TypedArrayOf } from './dtype.js';
import { resolveSchema } from './schema-resolve.js';

/** Extents of a tensor; `null` is a ragged dimension, which differs from sample to sample. */
export type Shape = readonly (number | null)[];

/** What a row is checked by: its own CRC32C, or those of the region's 4096-byte blocks that it touches. */
export type ChecksumUnit = 'row' | 'block';

/** What any kind of field may be given besides its type. */
export interface FieldOptions {
  /** Alignment of rows in the file, a power of two up to 4096; variable fields only. */
  rowAlign?: number;
  /** By default what suits the kind of field (specification, section 6). */
  checksum?: ChecksumUnit;
  /** `zstd`: each row is compressed, and read by decoding it into fresh memory. By default rows lie as they are. */
  codec?: 'none' | 'zstd';
  /** With zstd: what compresses, the `library` of the compressor that the writer is given. */
  codecLibrary?: string;
  /** With zstd: how hard it tries. */
  codecLevel?: number;
}

/** A tensor as the user describes it: a `null` in `shape` is a dimension that differs from row to row. */
export interface TensorSpec<D extends Dtype = Dtype, S extends Shape = Shape> extends FieldOptions {
  readonly kind: 'tensor';
  readonly dtype: D;
  readonly shape: S;
}

/** Bytes as they are, of one media type or of none. */
export interface BytesSpec extends FieldOptions {
  readonly kind: 'bytes';
  readonly mediaType?: string | undefined;
}

/** Text in UTF-8. */
export interface TextSpec extends FieldOptions {
  readonly kind: 'utf8';
}

/** Any JSON value, stored as canonical JSON. */
export interface JsonSpec extends FieldOptions {
  readonly kind: 'json';
}

/** A field as the user describes it. What is left out is resolved by `defineSchema`. */
export type FieldSpec = TensorSpec | BytesSpec | TextSpec | JsonSpec;

interface FieldCommon {
  readonly name: string;
  readonly codec: 'none' | 'zstd';
  readonly codecLibrary?: string | undefined;
  readonly codecLevel?: number | undefined;
  readonly checksum: ChecksumUnit;
  /** Variable fields only. */
  readonly rowAlign?: number | undefined;
}

/** See `TensorSpec`. */
export interface TensorField extends FieldCommon {
  readonly kind: 'tensor';
  readonly dtype: Dtype;
  readonly shape: Shape;
}

/** See `BytesSpec`. */
export interface BytesField extends FieldCommon {
  readonly kind: 'bytes';
  readonly mediaType?: string | undefined;
}

/** See `TextSpec`. */
export interface TextField extends FieldCommon {
  readonly kind: 'utf8';
}

/** See `JsonSpec`. */
export interface JsonField extends FieldCommon {
  readonly kind: 'json';
}

/** A field as a shard records it: every default resolved (specification, section 6). */
export type Field = TensorField | BytesField | TextField | JsonField;

/** The fields of a dataset. `F` carries the types of its values and exists for the compiler alone. */
export interface Schema<F extends Record<string, FieldSpec> = Record<string, FieldSpec>> {
  readonly fields: readonly Field[];
  /** Name of the field whose rows are written straight to their place. */
  readonly main: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Never set. */
  readonly specs?: F;
}

/** The value of a tensor field that has dimensions. */
export interface Tensor<D extends Dtype = Dtype> {
  readonly dtype: D;
  readonly shape: readonly number[];
  /** C-contiguous; see `dtypes` for the array that a dtype comes in. */
  readonly data: TypedArrayOf<D>;
}

/** `Tensor` by the name that inferred samples show. */
export type TensorOf<D extends Dtype> = Tensor<D>;

type ValueOf<S extends FieldSpec> =
  S extends TensorSpec<infer D, infer Extents>
    ? Extents extends readonly []
      ? ScalarOf<D>
      : // Where only "some field" is known, the value is a scalar or a tensor.
        readonly [] extends Extents
        ? ScalarOf<D> | Tensor<D>
        : Tensor<D>
    : S extends BytesSpec
      ? Uint8Array
      : S extends TextSpec
        ? string
        : unknown;

/**
 * One sample as it is read, inferred from its schema.
 *
 * @example type Row = Sample<typeof schema>; // { image: TensorOf<'uint8'>, label: number }
 */
export type Sample<S extends Schema> =
  S extends Schema<infer F> ? { -readonly [N in keyof F]: ValueOf<F[N]> } : never;

/** A tensor as it may be given: flat, in C order; `shape` can be left out where at most one dimension is ragged. */
export type TensorInput<D extends Dtype = Dtype> =
  | TypedArrayOf<D>
  | readonly NumberOf<D>[]
  | {
      readonly data: TypedArrayOf<D> | readonly NumberOf<D>[];
      readonly shape?: readonly number[];
      readonly dtype?: D;
    };

/** What an element may be given as; a complex number takes two of them. */
type NumberOf<D extends Dtype> =
  | number
  | (ScalarOf<D> extends bigint ? bigint : D extends 'bool' ? boolean : never);

type InputOf<S extends FieldSpec> =
  S extends TensorSpec<infer D, infer Extents>
    ? Extents extends readonly []
      ? ScalarOf<D> | (ScalarOf<D> extends bigint ? number : never)
      : readonly [] extends Extents
        ? ScalarOf<D> | number | TensorInput<D>
        : TensorInput<D>
    : ValueOf<S>;

/** One sample as it may be written: what `Sample` has, and plain arrays of numbers for tensors. */
export type SampleInput<S extends Schema> =
  S extends Schema<infer F> ? { readonly [N in keyof F]: InputOf<F[N]> } : never;

/** Describes the fields of a schema. */
export const field = {
  /** A tensor of fixed shape, or with ragged dimensions (`null`). */
  tensor<const D extends Dtype, const S extends Shape>(
    dtype: D,
    shape: S,
    options: FieldOptions = {},
  ): TensorSpec<D, S> {
    return { kind: 'tensor', dtype, shape, ...options };
  },
  /** One number (a `bigint` for 64-bit integers, a `boolean` for bool). */
  scalar<const D extends Dtype>(dtype: D): TensorSpec<D, readonly []> {
    return { kind: 'tensor', dtype, shape: [] };
  },
  /** Bytes as they are, for example an encoded image; `mediaType` says what one row is. */
  bytes(options: FieldOptions & { mediaType?: string } = {}): BytesSpec {
    return { kind: 'bytes', ...options };
  },
  text(options: FieldOptions = {}): TextSpec {
    return { kind: 'utf8', ...options };
  },
  /** Any JSON value, kept as canonical JSON. */
  json(options: FieldOptions = {}): JsonSpec {
    return { kind: 'json', ...options };
  },
};

/**
 * Makes a schema of named fields; samples keep their order.
 *
 * JavaScript puts names that are whole numbers first, in ascending order. What is left out (`main`,
 * `checksum`, `rowAlign`) is resolved by the rules of the specification's section 6 and recorded.
 *
 * @throws ZC_FORMAT_SCHEMA, ZC_FORMAT_LIMIT
 * @example
 * const schema = defineSchema({ image: field.tensor('uint8', [224, 224, 3]), label: field.scalar('int32') });
 */
export function defineSchema<const F extends Record<string, FieldSpec>>(
  fields: F,
  options: { main?: string & keyof F; metadata?: Record<string, string> } = {},
): Schema<F> {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new ZcError('ZC_ARGUMENT', 'a schema is made of fields by their names', { actual: fields });
  }
  const specs = Object.entries(fields).map(([name, spec]) => ({ ...spec, name }));
  return resolveSchema({ fields: specs, ...options }, 'schema') as Schema<F>;
}
