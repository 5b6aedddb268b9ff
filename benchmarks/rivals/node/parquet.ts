import { join } from 'node:path';
import { sum64 } from '@zc/io';
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
} from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import type { DataSet } from '../../src/data.js';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import type { FlatRows } from './flat-rows.js';
import { shuffledIds } from './order.js';
import { ownCopy } from './own-copy.js';

/** Bytes of a row group: what is read and decoded at a time, and shuffled. */
const GROUP_BYTES = 8 * 2 ** 20;

let settings: Settings;
let path: string;
let file: AsyncBuffer;
let metadata: FileMetaData;
let epochs = 0;

/**
 * A Parquet file by the packages `hyparquet` and `hyparquet-writer`, a binary column and one of labels, plain and not
 * compressed, for neither dictionary nor codec gains anything on random bytes.
 *
 * A column is decoded by row groups, so what can be shuffled are those, of 8 MiB, and the rows inside each: not
 * the full shuffle that the scenario asks of the others.
 */
export default {
  async prepare({ data }: Settings) {
    const folder = await ownCopy(data, 'parquet', (partial, rows) =>
      write(join(partial, 'rows.parquet'), data, rows),
    );
    path = join(folder, 'rows.parquet');
    return [path];
  },

  async open(given: Settings) {
    settings = given;
    file = await asyncBufferFromFile(path);
    metadata = await parquetMetadataAsync(file);
  },

  async *epoch(): AsyncGenerator<Consumed> {
    const { batchSize, shuffle } = settings;
    epochs += 1;
    const starts = [0];
    for (const { num_rows } of metadata.row_groups) starts.push(starts.at(-1)! + Number(num_rows));
    const groups = order(metadata.row_groups.length, shuffle);
    for (const group of groups) {
      const [rowStart, rowEnd] = [starts[group]!, starts[group + 1]!];
      const { x, label } = await readGroup(rowStart, rowEnd);
      const places = order(rowEnd - rowStart, shuffle);
      for (let start = 0; start < places.length; start += batchSize) {
        const batch = places.subarray(start, start + batchSize);
        let bytes = batch.length * 8;
        let sum = 0n;
        for (const place of batch) {
          sum += sum64(x[place]!) + label[place]!;
          bytes += x[place]!.length;
        }
        yield { samples: batch.length, bytes, sum, ids: batch.map((place) => rowStart + place) };
      }
    }
  },

  async close() {},
} satisfies NodeContender;

function order(count: number, shuffle: boolean): Uint32Array {
  return shuffle ? shuffledIds(count, epochs) : Uint32Array.from({ length: count }, (_, i) => i);
}

async function readGroup(rowStart: number, rowEnd: number) {
  const x: Uint8Array[] = [];
  const label: bigint[] = [];
  await parquetRead({
    file,
    metadata,
    rowStart,
    rowEnd,
    utf8: false,
    onChunk({ columnName, columnData }) {
      const column = (columnName === 'x' ? x : label) as unknown[];
      for (let i = 0; i < columnData.length; i += 1) column.push(columnData[i]);
    },
  });
  return { x, label };
}

async function write(to: string, data: DataSet, rows: FlatRows): Promise<void> {
  const writer = new ParquetWriter({
    writer: fileWriter(to),
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'x', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' },
      { name: 'label', type: 'INT64', repetition_type: 'REQUIRED' },
    ],
    codec: 'UNCOMPRESSED',
    statistics: false,
  });
  const perGroup = Math.ceil(GROUP_BYTES / data.rowBytes);
  for (let first = 0; first < data.rows; first += perGroup) {
    const ids = Array.from({ length: Math.min(perGroup, data.rows - first) }, (_, i) => first + i);
    const values = ids.map((id) => {
      const row = new Uint8Array(rows.length(id));
      rows.read(id, row);
      return row;
    });
    await writer.write({
      columnData: [
        { name: 'x', data: values, encoding: 'PLAIN' },
        { name: 'label', data: rows.labels.slice(first, first + ids.length), encoding: 'PLAIN' },
      ],
      rowGroupSize: ids.length,
    });
  }
  await writer.finish();
}
