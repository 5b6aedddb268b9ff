import { ZcError } from '@zc/errors';
import { type Field, parseSchema, type Schema } from '@zc/format';
import { SCHEMA_KEY } from '../../sinks/schema-metadata.js';

/** What a table's metadata tells of one column beyond its type. */
export interface ColumnHint {
  /** Of a class label: the names of the classes. */
  readonly classes?: readonly string[];
  /** Of an array of Hugging Face `datasets`: its extents. */
  readonly shape?: readonly (number | null)[];
  /** Whether it is a struct of `bytes` and `path`. */
  readonly media?: 'image' | 'audio';
  /** The field that it was exported from. */
  readonly field?: Field;
}

/** What a table's metadata tells: of each column, and of all of them. */
export interface TableHints {
  readonly columns: ReadonlyMap<string, ColumnHint>;
  /** Of the dataset that the table was exported from. */
  readonly schema: Schema | undefined;
}

/** Reads the metadata of a table that `datasets` or our own export has written. */
export function tableHints(metadata: ReadonlyMap<string, string>, path: string): TableHints {
  const schema = exportedSchema(metadata.get(SCHEMA_KEY), path);
  const features = huggingFaceFeatures(metadata.get('huggingface'));
  const columns = new Map<string, ColumnHint>();
  for (const [name, feature] of Object.entries(features)) columns.set(name, hintOf(feature));
  for (const field of schema?.fields ?? []) columns.set(field.name, { ...columns.get(field.name), field });
  return { columns, schema };
}

function exportedSchema(text: string | undefined, path: string): Schema | undefined {
  if (text === undefined) return undefined;
  try {
    return parseSchema(JSON.parse(text), path);
  } catch (cause) {
    throw new ZcError('ZC_CONVERT_SOURCE', `the metadata "${SCHEMA_KEY}" is no schema`, { path, cause });
  }
}

function huggingFaceFeatures(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const { info } = JSON.parse(text) as { info?: { features?: Record<string, unknown> } };
    return info?.features ?? {};
  } catch {
    // The types of the columns tell enough.
    return {};
  }
}

/** The description of one feature, as `datasets` writes it to tables and to `dataset_info.json`. */
export function hintOf(feature: unknown): ColumnHint {
  if (typeof feature !== 'object' || feature === null) return {};
  const { _type: type, names, shape } = feature as Record<string, unknown>;
  if (type === 'Image') return { media: 'image' };
  if (type === 'Audio') return { media: 'audio' };
  if (type === 'ClassLabel' && isArrayOf(names, 'string')) return { classes: names as string[] };
  if (/^Array\dD$/.test(String(type)) && Array.isArray(shape)) {
    return { shape: shape.map((extent) => (typeof extent === 'number' ? extent : null)) };
  }
  return {};
}

function isArrayOf(value: unknown, type: string): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === type);
}
