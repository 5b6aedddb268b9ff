import { ZcError } from '@zc/errors';
import {
  type Dtype,
  defineSchema,
  dtypes,
  type FieldSpec,
  field,
  type Schema,
  type TensorField,
} from '@zc/format';
import { nearestName } from '../nearest-name.js';
import { checkOptions, flag, type OptionRule, type OptionRules, oneOf, whole } from '../options.js';

/** How the documents of a token field are cut into windows. */
export interface WindowOptions {
  /** A tensor field of integers with one ragged dimension: each row is a document. */
  field: string;
  /** Tokens in a window. */
  length: number;
  /** Tokens from the beginning of one window to that of the next one; `length` by default. */
  stride?: number | undefined;
  /**
   * A token that fills up the last window of the stream (of each document, with `crossDocuments` false). Without
   * it a window that would be shorter is left out.
   */
  padding?: number | undefined;
  /**
   * Where documents begin: `offsets` adds the field `borders`, int32, for each window 0, the place of each
   * document that begins in it, and the number of its tokens; `ids` adds the fields `documents`, int64, the
   * number of each token's document in the dataset, and `positions`, int32, its place since the beginning of
   * the document or of the window.
   */
  documents?: 'offsets' | 'ids' | undefined;
  /** Whether windows go on from one document to the next; true. */
  crossDocuments?: boolean | undefined;
}

const windowRules: OptionRules<WindowOptions> = {
  field: { words: 'the name of a field', allows: (value) => typeof value === 'string' },
  length: whole(1),
  stride: whole(1),
  padding: { words: 'a whole number', allows: Number.isSafeInteger },
  documents: oneOf('offsets', 'ids'),
  crossDocuments: flag,
};

/** Where windows are an option of something else; what they are made of is checked with the field. */
export const windowOptions: OptionRule = {
  words: 'an object of field and length',
  allows: (value) => typeof value === 'object' && value !== null,
};

/** Options with their defaults, and the field that they are about. */
export interface ResolvedWindows {
  readonly field: TensorField;
  /** Its place in the schema of the dataset. */
  readonly fieldNumber: number;
  readonly length: number;
  readonly stride: number;
  readonly padding: number | undefined;
  readonly documents: 'offsets' | 'ids' | undefined;
  readonly crossDocuments: boolean;
}

/** A window is a row: its bytes have the same limit. */
const WINDOW_BYTES_MAX = 2 ** 30;

/** @throws ZC_ARGUMENT naming the option, or what the field would have to be */
export function resolveWindows(schema: Schema, options: WindowOptions): ResolvedWindows {
  checkOptions(options, windowRules);
  for (const name of ['field', 'length'] as const) {
    if (options[name] === undefined) throw new ZcError('ZC_ARGUMENT', `windows need the option ${name}`);
  }
  const { length, stride = length, padding, documents, crossDocuments = true } = options;
  const fieldNumber = schema.fields.findIndex(({ name }) => name === options.field);
  const tokens = tokenField(schema, options.field, fieldNumber);
  const { bytes, least, most } = rangeOf(tokens.dtype);
  if (length * bytes > WINDOW_BYTES_MAX) {
    throw new ZcError('ZC_ARGUMENT', `a window of ${length} tokens has more than ${WINDOW_BYTES_MAX} bytes`, {
      expected: Math.floor(WINDOW_BYTES_MAX / bytes),
      actual: length,
    });
  }
  if (padding !== undefined && (padding < least || padding > most)) {
    throw new ZcError('ZC_ARGUMENT', `padding ${padding} is no ${tokens.dtype}`, {
      expected: [least, most],
      actual: padding,
    });
  }
  return { field: tokens, fieldNumber, length, stride, padding, documents, crossDocuments };
}

/**
 * The fields that windows have.
 *
 * @throws ZC_ARGUMENT where the token field has the name of one of the others
 */
export function schemaOfWindows({ field: tokens, length, documents }: ResolvedWindows): Schema {
  const besides: Record<string, FieldSpec> =
    documents === 'offsets'
      ? { borders: field.tensor('int32', [null]) }
      : documents === 'ids'
        ? { documents: field.tensor('int64', [length]), positions: field.tensor('int32', [length]) }
        : {};
  if (tokens.name in besides) {
    throw new ZcError('ZC_ARGUMENT', `the token field is named "${tokens.name}" like one that is added`, {
      expected: `none of ${Object.keys(besides).join(', ')}`,
      actual: tokens.name,
    });
  }
  return defineSchema({ [tokens.name]: field.tensor(tokens.dtype, [length]), ...besides });
}

function tokenField({ fields }: Schema, name: string, number: number): TensorField {
  const found = fields[number];
  if (found === undefined) {
    const known = fields.map((each) => each.name);
    const nearest = nearestName(name, known);
    const meant = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
    throw new ZcError('ZC_ARGUMENT', `there is no field "${name}"${meant}`, {
      expected: known,
      actual: name,
    });
  }
  const isTokens =
    found.kind === 'tensor' && found.shape.length === 1 && found.shape[0] === null && isInteger(found.dtype);
  if (!isTokens) {
    throw new ZcError('ZC_ARGUMENT', `field "${name}" is no stream of tokens`, {
      field: name,
      expected: 'a tensor of integers whose one dimension is ragged',
      actual: found.kind === 'tensor' ? `${found.dtype} [${found.shape}]` : found.kind,
    });
  }
  refuseUnreadable(found);
  return found;
}

/** What cannot be cut anywhere: rows that are packed together, apart from each other, or summed as a whole. */
function refuseUnreadable({ name, dtype, codec, rowAlign, checksum }: TensorField): void {
  const refuse = (what: string, expected: unknown, actual: unknown) => {
    throw new ZcError('ZC_ARGUMENT', `field "${name}" has ${what}: windows cannot be cut from it`, {
      field: name,
      expected,
      actual,
      advice: `Pack it again with { checksum: 'block' } and without codec and rowAlign, as uint16 and uint32 tokens are by default.`,
    });
  };
  if (codec !== 'none') refuse(`codec ${codec}`, 'none', codec);
  if (rowAlign !== dtypes[dtype].bytes) refuse(`rowAlign ${rowAlign}`, dtypes[dtype].bytes, rowAlign);
  if (checksum !== 'block') refuse('a checksum for each row', 'block', checksum);
}

function isInteger(dtype: Dtype): boolean {
  return /^u?int\d+$/.test(dtype);
}

function rangeOf(dtype: Dtype): { bytes: number; least: number; most: number } {
  const { bytes } = dtypes[dtype];
  const bits = dtype.startsWith('u') ? 8 * bytes : 8 * bytes - 1;
  return { bytes, least: dtype.startsWith('u') ? 0 : -(2 ** bits), most: 2 ** bits - 1 };
}
