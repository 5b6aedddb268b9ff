import { ZcError } from '@zc/errors';
import type { RecordBatch, Schema } from 'apache-arrow';
import { refuseBeyond } from '../../limits.js';
import type { Column } from '../tables/column-type.js';
import { FileBytes } from '../tables/file-bytes.js';
import type { RowGroup, TableFile } from '../tables/table-source.js';
import { type ArrowMessage, arrowMessages } from './arrow-messages.js';
import { arrowColumns } from './arrow-type.js';
import { arrowValues } from './arrow-value.js';
import { provideZstd } from './arrow-zstd.js';

type Arrow = typeof import('apache-arrow');

/** Opens an Arrow IPC file or stream as a table, whose groups are its record batches. */
export async function openArrowFile(path: string): Promise<TableFile> {
  const arrow = await import('apache-arrow');
  await provideZstd(arrow);
  const file = await FileBytes.open(path);
  try {
    const { schema, columns } = await schemaOf(arrow, file);
    return {
      path,
      columns,
      metadata: schema.metadata,
      rows: undefined,
      bytes: file.length,
      async *groups(from) {
        let skip = from;
        for await (const { batch, message } of batchesOf(arrow, file)) {
          const { numRows } = batch;
          if (skip >= numRows) skip -= numRows;
          else {
            yield guarded(file, message, () => groupOf(arrow, { batch, columns, message, skip }));
            skip = 0;
          }
        }
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function schemaOf(arrow: Arrow, file: FileBytes): Promise<{ schema: Schema; columns: Column[] }> {
  for await (const message of arrowMessages(arrow, file)) {
    if (!message.header.isSchema()) {
      throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the schema is in the footer alone, not in front as well', {
        path: file.path,
        offset: message.offset,
        advice: 'Write it again, with pyarrow for example.',
      });
    }
    return guarded(file, message, () => {
      const { schema } = arrow.RecordBatchReader.from(message.bytes).open();
      return { schema, columns: arrowColumns(arrow, schema.fields) };
    });
  }
  throw new ZcError('ZC_CONVERT_EMPTY', 'the stream ends before it begins', { path: file.path });
}

/** Each batch is read as a stream of its own: the schema, the dictionaries so far, and itself. */
async function* batchesOf(
  arrow: Arrow,
  file: FileBytes,
): AsyncGenerator<{ batch: RecordBatch; message: ArrowMessage }> {
  const before: ArrowMessage[] = [];
  let dictionaryBytes = 0;
  for await (const message of arrowMessages(arrow, file)) {
    const { header } = message;
    if (header.isRecordBatch()) {
      guarded(file, message, () => refuseLengths(file, message));
      const stream = [...before, message].map(({ bytes }) => bytes);
      yield { message, batch: guarded(file, message, () => batchIn(arrow, stream)) };
    } else {
      // A dictionary that is replaced, or grows, is read again with each batch behind it.
      dictionaryBytes += message.bytes.length;
      refuseBeyond('TABLE_GROUP_BYTES_MAX', dictionaryBytes, 'the length of all dictionaries', {
        path: file.path,
        offset: message.offset,
      });
      before.push(message);
    }
  }
}

function batchIn(arrow: Arrow, stream: readonly Uint8Array[]): RecordBatch {
  const batches = [...arrow.RecordBatchReader.from(stream)];
  if (batches.length !== 1) throw new RangeError(`${batches.length} record batches are in one message`);
  return batches[0]!;
}

/** Before the library allocates by what the header says. */
function refuseLengths(file: FileBytes, { header, offset }: ArrowMessage): void {
  const batch = header.header() as { length: number; nodes: { length: number }[]; buffers: Place[] };
  const { path } = file;
  for (const { length } of [batch, ...batch.nodes]) {
    const rows = Number(length);
    if (!(rows >= 0)) throw file.damaged(`a record batch claims ${rows} rows`, offset);
    refuseBeyond('TABLE_GROUP_VALUES_MAX', rows, 'the number of values of a record batch', { path, offset });
  }
  for (const { offset: start, length } of batch.buffers) {
    if (Number(start) >= 0 && Number(length) >= 0 && Number(start) + Number(length) <= header.bodyLength)
      continue;
    throw file.damaged(`a buffer of ${length} bytes at ${start} lies outside of its message`, offset);
  }
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

function groupOf(
  arrow: Arrow,
  {
    batch,
    columns,
    message,
    skip,
  }: { batch: RecordBatch; columns: TableFile['columns']; message: ArrowMessage; skip: number },
): RowGroup {
  const values = columns.map(({ type }, i) => arrowValues(arrow, batch.data.children[i]!, type));
  const { numRows } = batch;
  return {
    rows: numRows - skip,
    bytes: message.bytes.length,
    offset: message.offset,
    value: (column, row) => values[column]!.at(row + skip),
  };
}

/** What the library throws for bytes that it cannot read tells neither file nor place. */
function guarded<T>(file: FileBytes, { offset }: ArrowMessage, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ZcError) throw cause;
    const { message } = cause as Error;
    if (/codec not found/.test(message)) {
      throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the buffers are compressed with LZ4', {
        path: file.path,
        offset,
        advice: 'Write it without, or with zstd: feather.write_feather(table, path, compression="zstd").',
        cause,
      });
    }
    throw file.damaged(`the message cannot be read: ${message}`, offset, cause);
  }
}
