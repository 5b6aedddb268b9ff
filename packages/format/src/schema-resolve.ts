import { ZcError } from '@zc/errors';
import * as z from 'zod';
import { type Dtype, dtypeNames, dtypes } from './dtype.js';
import { canonicalJson } from './json.js';
import { refuseAbove } from './limits.js';
import type { ChecksumUnit, Field, Schema } from './schema.js';
import { encodeUtf8, isWellFormed } from './text.js';

/** From this many bytes on, a fixed row has a checksum of its own. */
const ROW_CHECKSUM_MIN_BYTES = 1024;
/** From this many bytes on, a fixed row is worth streaming straight to its place. */
const MAIN_MIN_BYTES = 4096;

const ROW_ALIGN_MAX = 4096;

/** A field before its defaults are resolved, or as it is found in a file. */
type FieldDraft = z.output<typeof fieldDraft>;

const text = z.string().refine(isWellFormed, 'must not contain a lone surrogate');
const name = text
  .min(1)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
  .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), 'must not contain control characters');

const common = {
  name,
  codec: z.enum(['none', 'zstd']).optional(),
  codecLibrary: text.optional(),
  codecLevel: z.int().optional(),
  checksum: z.enum(['row', 'block']).optional(),
  rowAlign: z.int().optional(),
};
const fieldDraft = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('tensor'),
    ...common,
    dtype: z.enum(dtypeNames),
    shape: z.array(z.int().min(1).nullable()),
  }),
  z.object({ kind: z.literal('bytes'), ...common, mediaType: text.optional() }),
  z.object({ kind: z.literal('utf8'), ...common }),
  z.object({ kind: z.literal('json'), ...common }),
]);
const schemaDraft = z.object({
  fields: z.array(fieldDraft).min(1),
  main: z.string().optional(),
  metadata: z.unknown().optional(),
});

/**
 * Checks a description of fields and resolves what it leaves out (specification, section 6).
 *
 * @throws ZC_FORMAT_SCHEMA, ZC_FORMAT_LIMIT
 */
export function resolveSchema(description: unknown, path: string): Schema {
  limitCounts(description, path);
  const parsed = schemaDraft.safeParse(description);
  if (!parsed.success) throw refused(path, firstIssue(parsed.error), undefined);
  const { fields: drafts, main } = parsed.data;
  const given = (description as { fields: object[] }).fields;
  const fields = drafts.map((draft, i) => {
    refuseMisplaced(draft, given[i]!, path);
    return resolveField(draft, path);
  });
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) throw refused(path, `two fields are named "${name}"`, name);
    names.add(name);
  }
  if (main !== undefined && !names.has(main)) {
    throw refused(path, `the main field "${main}" is not one of the fields`, main);
  }
  const metadata = readMetadata(parsed.data.metadata, path);
  return { fields, main: main ?? defaultMain(fields), metadata };
}

/**
 * A schema as it is found in a footer or a manifest, where no default may be left out.
 *
 * @throws ZC_FORMAT_SCHEMA, ZC_FORMAT_LIMIT
 */
export function parseSchema(json: unknown, path: string): Schema {
  const schema = resolveSchema(json, path);
  const given = json as { main?: unknown; fields: Record<string, unknown>[] };
  if (given.main === undefined) throw refused(path, 'the schema names no main field', undefined);
  schema.fields.forEach((field, i) => {
    for (const key of ['codec', 'checksum', ...(isFixed(field) ? [] : ['rowAlign'])]) {
      if (given.fields[i]![key] === undefined) {
        throw refused(path, `field "${field.name}" has no ${key}, which is never left out`, field.name);
      }
    }
  });
  return schema;
}

/** The schema as a plain object, ready for canonical JSON: an empty `metadata` and absent keys are left out. */
export function schemaToJson(schema: Schema): Record<string, unknown> {
  const { fields, main, metadata } = schema;
  return Object.keys(metadata).length > 0 ? { fields, main, metadata } : { fields, main };
}

/** Whether every row of a field has the same number of stored bytes (specification, section 7). */
export function isFixed(field: FieldDraft | Field): boolean {
  return field.kind === 'tensor' && (field.codec ?? 'none') === 'none' && !field.shape.includes(null);
}

/** Bytes of one element of the stored rows; 1 where these are not arrays of elements. */
export function elementBytesOf(field: FieldDraft | Field): number {
  return field.kind === 'tensor' && (field.codec ?? 'none') === 'none' ? dtypes[field.dtype].bytes : 1;
}

/** Bytes of the part of a tensor that has no ragged dimension; of a fixed field, of its row. */
export function stepBytesOf(field: { dtype: Dtype; shape: readonly (number | null)[] }): number {
  return field.shape.reduce<number>((bytes, extent) => bytes * (extent ?? 1), dtypes[field.dtype].bytes);
}

function resolveField(draft: FieldDraft, path: string): Field {
  const { name } = draft;
  refuseAbove('FIELD_NAME_BYTES_MAX', encodeUtf8(name).length, 'the name of a field in bytes', { path });
  if (draft.kind === 'tensor') limitShape(draft, path);
  const { codec = 'none', checksum = defaultChecksum(draft), codecLibrary, codecLevel } = draft;
  if ((codec === 'zstd') !== (codecLibrary !== undefined && codecLevel !== undefined)) {
    throw refused(path, `field "${name}" does not say what compressed it`, codec);
  }
  return defined({ ...draft, codec, checksum, rowAlign: resolveRowAlign(draft, path) }) as unknown as Field;
}

/** A key in a field that does not take it would say something that does not hold. */
function refuseMisplaced(draft: FieldDraft, given: object, path: string): void {
  const isTensor = draft.kind === 'tensor';
  const isCompressed = draft.codec === 'zstd';
  const takes = {
    dtype: isTensor,
    shape: isTensor,
    mediaType: draft.kind === 'bytes',
    codecLibrary: isCompressed,
    codecLevel: isCompressed,
    rowAlign: !isFixed(draft),
  };
  for (const [key, isTaken] of Object.entries(takes)) {
    if (isTaken || (given as Record<string, unknown>)[key] === undefined) continue;
    throw refused(path, `field "${draft.name}" takes no ${key}`, key);
  }
}

function limitShape(draft: FieldDraft & { kind: 'tensor' }, path: string): void {
  const { name, shape } = draft;
  for (const extent of shape) {
    if (extent !== null) refuseAbove('DIMENSION_MAX', extent, `a dimension of field "${name}"`, { path });
  }
  refuseAbove('ROW_BYTES_MAX', stepBytesOf(draft), `the bytes of the fixed dimensions of field "${name}"`, {
    path,
  });
}

function resolveRowAlign(draft: FieldDraft, path: string): number | undefined {
  const { name, rowAlign } = draft;
  const least = elementBytesOf(draft);
  if (isFixed(draft)) return undefined;
  if (rowAlign === undefined) return least;
  const isPowerOfTwo = rowAlign > 0 && Number.isInteger(Math.log2(rowAlign));
  if (!isPowerOfTwo || rowAlign < least || rowAlign > ROW_ALIGN_MAX) {
    throw refused(
      path,
      `field "${name}" has rowAlign ${rowAlign}; it must be a power of two from ${least} to ${ROW_ALIGN_MAX}`,
      rowAlign,
    );
  }
  return rowAlign;
}

function defaultChecksum(draft: FieldDraft): ChecksumUnit {
  if (draft.kind === 'utf8' || draft.kind === 'json') return 'block';
  if (draft.kind === 'bytes') return 'row';
  if (isFixed(draft)) return stepBytesOf(draft) >= ROW_CHECKSUM_MIN_BYTES ? 'row' : 'block';
  const isTokens = draft.dtype === 'uint16' || draft.dtype === 'uint32';
  return isTokens && draft.shape.length === 1 && draft.shape[0] === null ? 'block' : 'row';
}

function defaultMain(fields: readonly Field[]): string {
  let widest: { name: string; bytes: number } | undefined;
  for (const field of fields) {
    if (!isFixed(field) || field.kind !== 'tensor') continue;
    const bytes = stepBytesOf(field);
    if (!widest || bytes > widest.bytes) widest = { name: field.name, bytes };
  }
  if (widest && widest.bytes >= MAIN_MIN_BYTES) return widest.name;
  const variable = fields.filter((field) => !isFixed(field));
  const heavy = variable.find(({ kind }) => kind !== 'json' && kind !== 'utf8');
  return (heavy ?? variable[0] ?? widest)!.name;
}

/** What is too many is refused before each of them is looked at. */
function limitCounts(description: unknown, path: string): void {
  const { fields } = (description ?? {}) as { fields?: unknown };
  if (!Array.isArray(fields)) return;
  refuseAbove('FIELDS_MAX', fields.length, 'the number of fields', { path });
  for (const field of fields) {
    const shape: unknown = field?.shape;
    if (Array.isArray(shape))
      refuseAbove('DIMENSIONS_MAX', shape.length, 'the number of dimensions', { path });
  }
}

/** Read without zod, whose records lose a key `__proto__`. */
function readMetadata(metadata: unknown, path: string): Record<string, string> {
  if (metadata === undefined) return {};
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  const entries = Object.entries(isObject ? metadata : {});
  const texts = entries.flat();
  if (!isObject || !texts.every((text) => typeof text === 'string' && isWellFormed(text))) {
    throw refused(path, 'the metadata is no object of strings without lone surrogates', undefined);
  }
  const copy: Record<string, string> = Object.fromEntries(entries);
  refuseAbove('METADATA_BYTES_MAX', encodeUtf8(canonicalJson(copy)).length, 'the metadata in bytes', {
    path,
  });
  return copy;
}

function refused(path: string, summary: string, actual: unknown): ZcError {
  return new ZcError('ZC_FORMAT_SCHEMA', summary, { path, actual });
}

/** The first thing that zod found wrong, with the way to it. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]!;
  const way = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return `${way.replace(/^\./, '') || 'the value'}: ${issue.message}`;
}

/** An object without its undefined members. */
function defined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
