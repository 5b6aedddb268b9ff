import { extname } from 'node:path';
import { isZcError, ZcError } from '@zc/errors';
import { defineSchema, type FieldSpec } from '@zc/format';
import type { Input } from '../../input.js';
import { isText } from '../lines.js';
import { lookAhead } from '../look-ahead.js';
import type { BadRow, OpenedSource, SampleSource, SourceRow } from '../sample-source.js';
import { UnpackedFile, unpackedHead } from '../unpacked-file.js';
import { type CsvColumn, csvColumn } from './csv-column.js';
import { type CsvRecord, csvRecords } from './csv-records.js';
import { type FileColumn, fileColumn } from './file-column.js';

/**
 * CSV with a header, separated by commas, tabs or semicolons, plain, gzip or zstd: one sample a record.
 *
 * Types are settled by the first records; a later one that does not fit comes as a bad row. A column that names
 * files, relative to the CSV file, gives another field: what is in them.
 */
export const csv: SampleSource = {
  name: 'csv',

  async detect(input) {
    if (input.isDirectory) return false;
    const head = unpackedHead(input);
    if (!isText(head)) return false;
    return isNamedCsv(input.paths[0]!) || (await looksLikeTable(head));
  },

  async open(input): Promise<OpenedSource> {
    const path = input.paths[0]!;
    const delimiter = delimiterOf(unpackedHead(input));
    const { first, isAll, all } = await lookAhead(() => recordsOf(input, delimiter), {
      isReadOnce: input.paths.includes('-'),
    });
    const names = namesOf(first[0], path);
    const records = first.slice(1);
    if (records[0] === undefined)
      throw new ZcError('ZC_CONVERT_EMPTY', 'the file has a header and no record', { path });
    const whole = records.filter(({ cells }) => cells.length === names.length);
    if (whole.length === 0) throw wrongCount(records[0], names.length);
    const columns = names.map((name, i) =>
      csvColumn(
        name,
        whole.map(({ cells }) => cells[i]!),
      ),
    );
    const files = await fileColumn(names, whole);
    return {
      schema: schemaOf(columns, files),
      samples: isAll ? records.length : undefined,
      bytes: files ? undefined : input.sizeBytes,
      facts: factsOf({ isAll, samples: records.length }, names, files),
      async *rows(from): AsyncGenerator<SourceRow | BadRow> {
        // The header comes first.
        let row = -1;
        for await (const record of all()) {
          if (row >= Math.max(from, 0)) yield await rowOf(record, columns, files);
          row++;
        }
      },
    };
  },
};

function isNamedCsv(path: string): boolean {
  return /^\.(csv|tsv)$/i.test(extname(path.replace(/\.(gz|zst|zstd)$/i, '')));
}

/** Three lines or more that have as many cells as the first one, which are all names. */
async function looksLikeTable(head: Uint8Array): Promise<boolean> {
  const lines = firstLines(head);
  const delimiter = delimiterOf(head);
  const counts = lines.map((line) => line.split(delimiter).length);
  const names = lines[0]?.split(delimiter) ?? [];
  return (
    lines.length >= 3 &&
    counts[0]! > 1 &&
    counts.every((count) => count === counts[0]) &&
    names.every((name) => /^"?[^\d\s"][^"]{0,63}"?$/.test(name)) &&
    new Set(names).size === names.length
  );
}

/** Up to ten whole lines. */
function firstLines(head: Uint8Array): string[] {
  const lines = Buffer.from(head.subarray(0, 2 ** 16))
    .toString()
    .split(/\r?\n/);
  return lines.slice(0, Math.min(10, lines.length - 1));
}

/** Of those that may be, the one that the header has most of. */
function delimiterOf(head: Uint8Array): string {
  const header = firstLines(Buffer.concat([head, Buffer.from('\n')]))[0] ?? '';
  const counts = [',', '\t', ';'].map((delimiter) => ({ delimiter, count: header.split(delimiter).length }));
  return counts.reduce((most, next) => (next.count > most.count ? next : most)).delimiter;
}

/** The header, once, and behind it the records of all files. */
async function* recordsOf(input: Input, delimiter: string): AsyncGenerator<CsvRecord> {
  let header: CsvRecord | undefined;
  for (const path of input.paths) {
    let isFirst = true;
    for await (const record of csvRecords(new UnpackedFile(input, path), delimiter)) {
      if (isFirst && header) refuseOther(header, record);
      else yield record;
      header ??= record;
      isFirst = false;
    }
  }
}

function refuseOther(expected: CsvRecord, { path, cells }: CsvRecord): void {
  const [wanted, found] = [expected.cells.join(', '), cells.join(', ')];
  if (wanted === found) return;
  throw new ZcError('ZC_CONVERT_MIXED', `the columns are ${found}, those of ${expected.path} are ${wanted}`, {
    path,
    offset: 0,
    expected: wanted,
    actual: found,
  });
}

function namesOf(header: CsvRecord | undefined, path: string): readonly string[] {
  if (header === undefined) throw new ZcError('ZC_CONVERT_EMPTY', 'the file holds no record', { path });
  const names = header.cells;
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw new ZcError('ZC_CONVERT_SOURCE', `two columns are named "${twice}"`, { path, offset: 0 });
}

function schemaOf(columns: readonly CsvColumn[], files: FileColumn | undefined) {
  const specs = columns.map(({ name, spec }): [string, FieldSpec] => [name, spec]);
  if (files === undefined) return defineSchema(Object.fromEntries(specs));
  return defineSchema(Object.fromEntries([[files.name, files.spec], ...specs]), {
    metadata: { ...files.metadata },
  });
}

async function rowOf(
  record: CsvRecord,
  columns: readonly CsvColumn[],
  files: FileColumn | undefined,
): Promise<SourceRow | BadRow> {
  const { path, line } = record;
  let { bytesRead } = record;
  try {
    const values = columns.map((column, i): [string, unknown] => [
      column.name,
      cellOf(record, column, i, columns),
    ]);
    if (files) {
      const { value, bytes } = await files.read(record);
      values.push([files.name, value]);
      bytesRead += bytes;
    }
    return { sample: Object.fromEntries(values), bytesRead, origin: `${path}, line ${line}` };
  } catch (error) {
    if (isZcError(error)) return { error, bytesRead };
    throw error;
  }
}

function cellOf(record: CsvRecord, column: CsvColumn, index: number, columns: readonly CsvColumn[]): unknown {
  const { path, line, offset, cells } = record;
  if (cells.length !== columns.length) throw wrongCount(record, columns.length);
  const value = column.convert(cells[index]!);
  if (value !== undefined) return value;
  const type = column.spec.kind === 'tensor' ? column.spec.dtype : column.spec.kind;
  throw new ZcError(
    'ZC_CONVERT_MIXED',
    `line ${line} has "${cells[index]}" as "${column.name}", not ${type}`,
    {
      path,
      offset,
      expected: type,
      actual: cells[index],
    },
  );
}

function wrongCount({ path, line, offset, cells }: CsvRecord, expected: number): ZcError {
  return new ZcError('ZC_CONVERT_SOURCE', `line ${line} has ${cells.length} cells, the header ${expected}`, {
    path,
    offset,
    expected,
    actual: cells.length,
  });
}

function factsOf(
  { isAll, samples }: { isAll: boolean; samples: number },
  names: readonly string[],
  files: FileColumn | undefined,
): string[] {
  const lines = `${samples} records`;
  const facts = [`CSV of ${names.length} columns`, isAll ? lines : `types inferred from the first ${lines}`];
  return files ? [...facts, `"${names[files.index]}" names ${files.title}, read as "${files.name}"`] : facts;
}
