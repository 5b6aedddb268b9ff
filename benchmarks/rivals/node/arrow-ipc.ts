import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sum64 } from '@zc/io';
import {
  Binary,
  Field,
  FixedSizeBinary,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  type Table,
  tableFromIPC,
  type Vector,
} from 'apache-arrow';
import type { DataSet } from '../../src/data.js';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import type { FlatRows } from './flat-rows.js';
import { idsOf } from './order.js';
import { ownCopy } from './own-copy.js';

/** Bytes of a record batch: a few of them, so that a row is found in few steps. */
const RECORD_BATCH_BYTES = 64 * 2 ** 20;

let settings: Settings;
let path: string;
let table: Table;
let labels: BigInt64Array;
let epochs = 0;

/**
 * An Arrow IPC file by the package `apache-arrow`: a column of binary values and one of labels, not compressed.
 *
 * The library reads a file into memory as a whole, for Node cannot map one; from then on a value is a view of
 * that memory, in any order. So this is what a set costs that is held in the process, and no way for one
 * that has no room there.
 */
export default {
  async prepare({ data }: Settings) {
    const folder = await ownCopy(data, 'arrow-ipc', (partial, rows) => {
      const writer = RecordBatchFileWriter.writeAll(recordBatches(data, rows));
      return pipeline(writer.toNodeStream(), createWriteStream(join(partial, 'rows.arrow')));
    });
    path = join(folder, 'rows.arrow');
    return [path];
  },

  async open(given: Settings) {
    settings = given;
    table = tableFromIPC(await readFile(path));
    labels = table.getChild('label')!.toArray();
  },

  *epoch(): Generator<Consumed> {
    const { batchSize } = settings;
    epochs += 1;
    const order = idsOf(settings, epochs);
    const x = table.getChild('x') as Vector<Binary>;
    for (let start = 0; start < order.length; start += batchSize) {
      const ids = order.subarray(start, start + batchSize);
      let bytes = ids.length * 8;
      let sum = 0n;
      for (const id of ids) {
        const row = x.get(id)!;
        bytes += row.length;
        sum += sum64(row) + labels[id]!;
      }
      yield { samples: ids.length, bytes, sum, ids };
    }
  },

  async close() {
    table = undefined as unknown as Table;
  },
} satisfies NodeContender;

function* recordBatches(data: DataSet, rows: FlatRows): Generator<RecordBatch> {
  const isFixed = data.lengths === undefined;
  const schema = new Schema([
    new Field('x', isFixed ? new FixedSizeBinary(data.rowBytes) : new Binary()),
    new Field('label', new Int64()),
  ]);
  const perBatch = Math.ceil(RECORD_BATCH_BYTES / data.rowBytes);
  for (let first = 0; first < data.rows; first += perBatch) {
    const length = Math.min(perBatch, data.rows - first);
    const valueOffsets = new Int32Array(length + 1);
    for (let i = 0; i < length; i += 1) valueOffsets[i + 1] = valueOffsets[i]! + rows.length(first + i);
    const values = Buffer.allocUnsafeSlow(valueOffsets[length]!);
    for (let i = 0; i < length; i += 1) rows.read(first + i, values.subarray(valueOffsets[i]!));
    const x = isFixed
      ? makeData({ type: new FixedSizeBinary(data.rowBytes), length, data: values })
      : makeData({ type: new Binary(), length, valueOffsets, data: values });
    const label = makeData({ type: new Int64(), length, data: rows.labels.slice(first, first + length) });
    const type = new Struct(schema.fields);
    yield new RecordBatch(schema, makeData({ type, length, nullCount: 0, children: [x, label] as never }));
  }
}
