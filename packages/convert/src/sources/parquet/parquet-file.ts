import { ZcError } from '@zc/errors';
import type { FileMetaData, RowGroup as ParquetGroup, ParquetParsers } from 'hyparquet';
import { refuseBeyond } from '../../limits.js';
import { arrowColumns } from '../arrow/arrow-type.js';
import { verifyMessage } from '../arrow/verify-message.js';
import type { Column } from '../tables/column-type.js';
import { FileBytes } from '../tables/file-bytes.js';
import type { RowGroup, TableFile } from '../tables/table-source.js';
import { type ColumnChunkBytes, readColumnChunk } from './parquet-pages.js';
import { parquetColumns, withExtents } from './parquet-type.js';

/** The magic word at both ends of a file. */
export const PARQUET_MAGIC = 'PAR1';
/** The length of the metadata and the magic word. */
const TAIL_BYTES = 8;

/** Opens a Parquet file as a table, whose groups are its row groups. */
export async function openParquetFile(path: string): Promise<TableFile> {
  const file = await FileBytes.open(path);
  try {
    const metadata = await readMetadata(file);
    const { parquetSchema } = await import('hyparquet');
    const keys = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']));
    const columns = withExtents(
      parquetColumns(guarded(file, file.length, () => parquetSchema(metadata))),
      await describedColumns(keys.get('ARROW:schema')),
    );
    refuseRepeated(columns, path);
    return {
      path,
      columns,
      metadata: keys,
      rows: Number(metadata.num_rows),
      bytes: file.length,
      async *groups(from) {
        let first = 0;
        for (const group of metadata.row_groups) {
          const rows = Number(group.num_rows);
          if (first + rows > from) yield await readGroup(file, { metadata, group, first, columns, from });
          first += rows;
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readMetadata(file: FileBytes): Promise<FileMetaData> {
  const { parquetMetadata } = await import('hyparquet');
  if (file.length < TAIL_BYTES + PARQUET_MAGIC.length)
    throw file.damaged('the file was cut short', file.length);
  const tail = await file.read(file.length - TAIL_BYTES, TAIL_BYTES);
  const word = Buffer.from(tail.subarray(4)).toString('latin1');
  if (word === 'PARE') {
    throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the file is encrypted', {
      path: file.path,
      advice: 'Decrypt it before.',
    });
  }
  if (word !== PARQUET_MAGIC) {
    throw file.damaged('the file was cut short: it does not end as Parquet files do', file.length - 4);
  }
  const length = new DataView(tail.buffer).getUint32(0, true);
  const offset = file.length - TAIL_BYTES - length;
  refuseBeyond('TABLE_METADATA_BYTES_MAX', length, 'the length of the footer', {
    path: file.path,
    offset: file.length - TAIL_BYTES,
  });
  if (offset < PARQUET_MAGIC.length)
    throw file.damaged(`the footer claims ${length} bytes`, file.length - TAIL_BYTES);
  const bytes = await file.read(offset, length + TAIL_BYTES);
  const metadata = guarded(file, offset, () =>
    parquetMetadata(bytes.buffer, { geoparquet: false, parsers: times }),
  );
  const rows = metadata.row_groups.reduce((sum, { num_rows: count }) => sum + Number(count), 0);
  const isSound = metadata.row_groups.every(
    ({ num_rows: count }) => Number.isSafeInteger(Number(count)) && count >= 0n,
  );
  if (!isSound || rows !== Number(metadata.num_rows)) {
    throw file.damaged(`the row groups have ${rows} rows, the file ${metadata.num_rows}`, offset);
  }
  return metadata;
}

/** Times stay the whole numbers that they are, for a Date would lose digits. */
const times: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (count) => count,
  timestampFromMicroseconds: (count) => count,
  timestampFromNanoseconds: (count) => count,
  dateFromDays: (days) => days,
};

/** Texts must be UTF-8; the bounds of a column that the footer tells may be cut within a letter. */
const parsers: Partial<ParquetParsers> = {
  ...times,
  stringFromBytes: (bytes) => bytes && utf8.decode(bytes),
  jsonFromBytes: (bytes) => bytes && utf8.decode(bytes),
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

async function readGroup(
  file: FileBytes,
  task: {
    metadata: FileMetaData;
    group: ParquetGroup;
    first: number;
    columns: readonly Column[];
    from: number;
  },
): Promise<RowGroup> {
  const [{ parquetRead }, columnModule, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet/src/column.js'),
    import('hyparquet-compressors'),
  ]);
  const { metadata, group, first, columns } = task;
  const count = Number(group.num_rows);
  refuseBeyond('TABLE_GROUP_VALUES_MAX', count, 'the number of rows of a row group', { path: file.path });
  const chunks: ColumnChunkBytes[] = [];
  let bytes = 0;
  for (const { meta_data: chunk, file_path: elsewhere } of group.columns) {
    if (chunk === undefined || elsewhere) throw file.damaged('a column lies in another file', file.length);
    bytes += Number(chunk.total_compressed_size);
    refuseBeyond('TABLE_GROUP_BYTES_MAX', bytes, 'the length of a row group', { path: file.path });
    chunks.push(await readColumnChunk(columnModule, file, chunk));
  }
  const offset = Math.min(...chunks.map((chunk) => chunk.offset));
  const values = columns.map((): unknown[] => []);
  const byName = new Map(columns.map(({ name }, i) => [name, i]));
  try {
    await parquetRead({
      file: {
        byteLength: file.length,
        slice: (start, end) => sliceOf(chunks, file, start, end ?? file.length),
      },
      metadata,
      rowStart: first,
      rowEnd: first + count,
      compressors,
      parsers,
      utf8: false,
      geoparquet: false,
      onChunk({ columnName, columnData, rowStart }) {
        const column = values[byName.get(columnName)!]!;
        for (let i = 0; i < columnData.length; i++) column[rowStart - first + i] = columnData[i];
      },
    });
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    throw file.damaged(`the row group cannot be read: ${(cause as Error).message}`, offset, cause);
  }
  const short = columns.findIndex((_, i) => values[i]!.length !== count);
  if (short >= 0) {
    throw file.damaged(
      `column "${columns[short]!.name}" has ${values[short]!.length} rows, its row group ${count}`,
      offset,
    );
  }
  const skip = Math.max(0, task.from - first);
  return {
    rows: count - skip,
    bytes,
    offset,
    value: (column, row) => values[column]![row + skip] ?? null,
  };
}

/** What was read and checked already; the library asks for whole column chunks, or for several that lie together. */
async function sliceOf(
  chunks: readonly ColumnChunkBytes[],
  file: FileBytes,
  start: number,
  end: number,
): Promise<ArrayBuffer> {
  const exact = chunks.find(({ offset, bytes }) => offset === start && offset + bytes.length === end);
  if (exact) return exact.bytes.buffer;
  return (await file.read(start, end - start)).buffer;
}

/** The columns as the Arrow schema that pyarrow leaves in a file tells them; none where there is none. */
async function describedColumns(encoded: string | undefined): Promise<Column[]> {
  if (encoded === undefined) return [];
  const arrow = await import('apache-arrow');
  try {
    const message = Buffer.from(encoded, 'base64');
    // Behind the mark and the length.
    verifyMessage(message.subarray(8));
    const { schema } = arrow.RecordBatchReader.from(message).open();
    return arrowColumns(arrow, schema.fields);
  } catch {
    // It only adds to what the file's own schema tells.
    return [];
  }
}

function refuseRepeated(columns: readonly Column[], path: string): void {
  const names = columns.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) < i);
  if (repeated === undefined) return;
  throw new ZcError('ZC_CONVERT_UNSUPPORTED', `two columns are named "${repeated}"`, {
    path,
    advice: 'Rename one of them.',
  });
}

/** What the library throws for bytes that it cannot read tells neither file nor place. */
function guarded<T>(file: FileBytes, offset: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw file.damaged(`the footer cannot be read: ${(cause as Error).message}`, offset, cause);
  }
}
