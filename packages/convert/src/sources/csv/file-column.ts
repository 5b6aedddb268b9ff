import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { ZcError } from '@zc/errors';
import type { FieldSpec } from '@zc/format';
import { refuseBeyond } from '../../limits.js';
import { type FileKind, fileKindOf, mediaTypeOf, type SettledKind } from '../file-kind.js';
import type { CsvRecord } from './csv-records.js';

/** A column that names files, and the field that their contents become. */
export interface FileColumn {
  readonly index: number;
  /** Of the field: `image`, `audio`, `text`, … */
  readonly name: string;
  readonly title: string;
  readonly spec: FieldSpec;
  readonly metadata: Readonly<Record<string, string>>;
  /** Reads the file that the record names. @throws ZC_CONVERT_SOURCE, ZC_CONVERT_MIXED, ZC_CONVERT_LIMIT */
  read(record: CsvRecord): Promise<{ value: unknown; bytes: number }>;
}

/** How many of the first cells have to name files. */
const CELLS_LOOKED_AT = 10;

/**
 * The first column whose cells all name files, relative to the folder of the CSV file; undefined where none does.
 *
 * @param records at least one
 */
export async function fileColumn(
  names: readonly string[],
  records: readonly CsvRecord[],
): Promise<FileColumn | undefined> {
  for (const index of names.keys()) {
    const cells = records.map(({ cells }) => cells[index] ?? '');
    if (!cells.every((cell) => /\.\w+$/.test(cell))) continue;
    const looked = records.slice(0, CELLS_LOOKED_AT);
    if ((await Promise.all(looked.map((record) => isThere(record, index)))).every(Boolean)) {
      return settle(names, index, records);
    }
  }
  return undefined;
}

async function isThere(record: CsvRecord, index: number): Promise<boolean> {
  const path = pathIn(record, index);
  return (
    path !== undefined &&
    (await stat(path).then(
      (found) => found.isFile(),
      () => false,
    ))
  );
}

async function settle(
  names: readonly string[],
  index: number,
  records: readonly CsvRecord[],
): Promise<FileColumn> {
  const first = pathIn(records[0]!, index)!;
  const kind = fileKindOf(first);
  const cells = records.map(({ cells }) => cells[index]!);
  const settled = kind.settle({ path: first, bytes: await readFile(first) }, cells);
  return {
    index,
    name: names.includes(kind.field) ? `${names[index]}_${kind.field}` : kind.field,
    title: kind.title,
    spec: settled.spec,
    metadata: settled.metadata,
    read: (record) => readNamed(record, index, { kind, settled }),
  };
}

async function readNamed(
  record: CsvRecord,
  index: number,
  { kind, settled }: { kind: FileKind; settled: SettledKind },
): Promise<{ value: unknown; bytes: number }> {
  const name = record.cells[index] ?? '';
  const refused = (code: 'ZC_CONVERT_SOURCE' | 'ZC_CONVERT_MIXED', what: string, cause?: unknown) =>
    new ZcError(code, `line ${record.line} names "${name}", ${what}`, {
      path: record.path,
      offset: record.offset,
      cause,
    });
  const path = pathIn(record, index);
  if (path === undefined) throw refused('ZC_CONVERT_SOURCE', 'which leads out of the folder');
  const wanted = settled.spec.kind === 'bytes' ? settled.spec.mediaType : undefined;
  if (fileKindOf(name) !== kind || (wanted !== undefined && mediaTypeOf(name) !== wanted)) {
    throw refused('ZC_CONVERT_MIXED', `which is not one of the ${kind.title} that the first lines name`);
  }
  let bytes: Uint8Array;
  try {
    const found = await stat(path);
    // A pipe or a device has no length, and perhaps no end.
    if (!found.isFile()) throw refused('ZC_CONVERT_SOURCE', 'which is no file');
    refuseBeyond('RECORD_BYTES_MAX', found.size, 'the length of the file', { path });
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    throw refused('ZC_CONVERT_SOURCE', `which cannot be read: ${(cause as Error).message}`, cause);
  }
  return { value: settled.decode(bytes, path), bytes: bytes.length };
}

/** Undefined where the name is none of a file below the CSV file's folder. */
function pathIn({ path, cells }: CsvRecord, index: number): string | undefined {
  const name = cells[index] ?? '';
  if (path === '-' || name === '' || name.includes('\0')) return undefined;
  if (isAbsolute(name) || name.split('/').includes('..')) return undefined;
  return join(dirname(path), name);
}
