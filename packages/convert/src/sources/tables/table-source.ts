import { ZcError } from '@zc/errors';
import { defineSchema, type FieldSpec, type Schema } from '@zc/format';
import type { BadRow, OpenedSource, SourceRow } from '../sample-source.js';
import { type ColumnField, columnField } from './column-field.js';
import { type Column, describeType } from './column-type.js';
import { type ColumnHint, hintOf, type TableHints, tableHints } from './table-hints.js';

/** A file that holds a table, opened: its columns are known. */
export interface TableFile {
  readonly path: string;
  readonly columns: readonly Column[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Undefined where only reading to the end would tell. */
  readonly rows: number | undefined;
  readonly bytes: number;
  /**
   * The rows in groups, without the first `from` of them.
   *
   * @throws ZC_CONVERT_SOURCE, ZC_CONVERT_LIMIT naming file and offset
   */
  groups(from: number): AsyncIterable<RowGroup>;
  close(): Promise<void>;
}

/** Some rows of a table that are in memory. */
export interface RowGroup {
  readonly rows: number;
  /** Of the file. */
  readonly bytes: number;
  /** Where it begins in the file. */
  readonly offset: number;
  /** null where there is none. */
  value(column: number, row: number): unknown;
}

/** Rows that are looked at before the media type of a column is settled. */
const LOOKED_AT_ROWS = 100;

/** What is known of a table besides its files. */
export interface TableSourceOptions {
  /** What the input is, in words. */
  readonly title: string;
  readonly paths: readonly string[];
  open(path: string): Promise<TableFile>;
  /** Descriptions of the features by Hugging Face `datasets`, where they lie outside of the files. */
  readonly features?: Readonly<Record<string, unknown>> | undefined;
  /** How many rows all files together must have, where something outside of them says so. */
  readonly samples?: number | undefined;
}

/**
 * Files that hold one table, the rows of one behind those of the other, as a source.
 *
 * @throws ZC_CONVERT_UNSUPPORTED naming the column, ZC_CONVERT_MIXED where a file has other columns than the first,
 *   ZC_CONVERT_EMPTY
 */
export async function openTables(options: TableSourceOptions): Promise<OpenedSource> {
  const { paths, title } = options;
  const totals = await countRows(options);
  const first = await options.open(paths[0]!);
  let fields: ColumnField[];
  let hints: TableHints;
  const { columns } = first;
  try {
    hints = tableHints(first.metadata, first.path);
    const byName = (name: string): ColumnHint => ({
      ...(options.features && hintOf(options.features[name])),
      ...hints.columns.get(name),
    });
    const looked = await lookAt(first);
    fields = columns.map((column, i) =>
      columnField(column, { hint: byName(column.name), first: looked[i]!, path: first.path }),
    );
    if (fields.length === 0)
      throw new ZcError('ZC_CONVERT_EMPTY', 'the table has no column', { path: first.path });
    const classes = new Map(
      columns.flatMap(({ name }) => {
        const names = byName(name).classes;
        return names ? [[name, names] as const] : [];
      }),
    );
    const specs: Record<string, FieldSpec> = Object.fromEntries(fields.map(({ name, spec }) => [name, spec]));
    const main = hints.schema?.main;
    return {
      schema: schemaOf(specs, first.path, {
        metadata: { ...metadataOf(fields, classes), ...hints.schema?.metadata },
        ...(main !== undefined && Object.hasOwn(specs, main) && { main }),
      }),
      samples: totals.rows,
      bytes: totals.bytes,
      facts: [
        `${title}: ${paths.length === 1 ? 'one file' : `${paths.length} files`}, ${columns.length} columns`,
        ...[...classes].map(
          ([name, names]) => `${names.length} classes of ${name}: ${names.slice(0, 10).join(', ')}`,
        ),
      ],
      rows: (from) => rowsOf(options, { columns, fields, from }),
    };
  } finally {
    await first.close();
  }
}

/** A schema refuses names and sizes that no shard may have. */
function schemaOf(
  specs: Record<string, FieldSpec>,
  path: string,
  options: { main?: string; metadata: Record<string, string> },
): Schema {
  try {
    return defineSchema(specs, options);
  } catch (cause) {
    if (!(cause instanceof ZcError)) throw cause;
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', `its columns make no schema: ${cause.summary}`, {
      path,
      cause,
    });
  }
}

async function countRows({ paths, open, samples }: TableSourceOptions) {
  let rows: number | undefined = 0;
  let bytes = 0;
  for (const path of paths) {
    const file = await open(path);
    await file.close();
    rows = rows === undefined || file.rows === undefined ? undefined : rows + file.rows;
    bytes += file.bytes;
  }
  return { rows: rows ?? samples, bytes };
}

/** The first values of each column; of those that cannot be read the row tells when its turn comes. */
async function lookAt(file: TableFile): Promise<unknown[][]> {
  for await (const group of file.groups(0)) {
    const count = Math.min(group.rows, LOOKED_AT_ROWS);
    if (count === 0) continue;
    const read = (column: number, row: number) => {
      try {
        return group.value(column, row);
      } catch {
        return null;
      }
    };
    return file.columns.map((_, column) => Array.from({ length: count }, (_, row) => read(column, row)));
  }
  return file.columns.map(() => []);
}

function metadataOf(
  fields: readonly ColumnField[],
  classes: ReadonlyMap<string, readonly string[]>,
): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const { name, unit } of fields) if (unit !== undefined) metadata[`${name}.unit`] = unit;
  for (const [name, names] of classes) {
    metadata[classes.size === 1 ? 'classes' : `${name}.classes`] = JSON.stringify(names);
  }
  return metadata;
}

async function* rowsOf(
  options: TableSourceOptions,
  task: { columns: readonly Column[]; fields: readonly ColumnField[]; from: number },
): AsyncGenerator<SourceRow | BadRow> {
  let skip = task.from;
  let total = 0;
  for (const path of options.paths) {
    const file = await options.open(path);
    try {
      refuseOther(file, task.columns, options.paths[0]!);
      if (file.rows !== undefined && skip >= file.rows) {
        skip -= file.rows;
        total += file.rows;
        continue;
      }
      let row = skip;
      total += skip;
      skip = 0;
      for await (const group of file.groups(row)) {
        for (let i = 0; i < group.rows; i++, row++, total++) {
          yield rowOf(task.fields, { group, i, row, path });
        }
      }
    } finally {
      await file.close();
    }
  }
  if (options.samples === undefined || total === options.samples) return;
  throw new ZcError('ZC_CONVERT_SOURCE', `there are ${total} rows, ${options.samples} were announced`, {
    path: options.paths.at(-1)!,
    expected: options.samples,
    actual: total,
  });
}

function rowOf(
  fields: readonly ColumnField[],
  { group, i, row, path }: { group: RowGroup; i: number; row: number; path: string },
): SourceRow | BadRow {
  const bytesRead = group.bytes / group.rows;
  const sample: [string, unknown][] = [];
  for (const [column, { name, convert }] of fields.entries()) {
    try {
      sample.push([name, convert(group.value(column, i))]);
    } catch (cause) {
      if (cause instanceof ZcError && cause.code !== 'ZC_CONVERT_SOURCE') throw cause;
      const { message } = cause as Error;
      const error = new ZcError(
        'ZC_CONVERT_SOURCE',
        `row ${row} of column "${name}" is no value: ${message}`,
        {
          path,
          offset: group.offset,
          row,
          field: name,
          advice: message.includes('null')
            ? 'Fill the nulls before, or leave such rows out with --on-error skip.'
            : 'Correct the row, or leave such rows out with --on-error skip.',
          cause,
        },
      );
      return { error, bytesRead };
    }
  }
  return { sample: Object.fromEntries(sample), bytesRead, origin: `${path}:${row}` };
}

function refuseOther(file: TableFile, columns: readonly Column[], first: string): void {
  const text = (all: readonly Column[]) =>
    all.map(({ name, type }) => `${name}: ${describeType(type)}`).join('; ');
  const [expected, actual] = [text(columns), text(file.columns)];
  if (expected === actual) return;
  throw new ZcError('ZC_CONVERT_MIXED', `the file has the columns ${actual}; ${first} has ${expected}`, {
    path: file.path,
    expected,
    actual,
  });
}
