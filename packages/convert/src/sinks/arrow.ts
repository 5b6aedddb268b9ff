import type { Schema } from '@zc/format';
import type { Schema as ArrowSchema, Data, DataType, RecordBatch } from 'apache-arrow';
import { ArrowColumn } from './arrow-column.js';
import { valueBytes } from './elements.js';
import { OutputFile } from './output-file.js';
import type { OpenedSink, SampleSink, SinkTask } from './sample-sink.js';
import { tableMetadata } from './schema-metadata.js';

type Arrow = typeof import('apache-arrow');

/** Rows of about this many bytes are a record batch. */
const BATCH_BYTES = 16 * 2 ** 20;
const BATCH_ROWS = 65_536;

/**
 * An Arrow IPC file (Feather version 2), its buffers not compressed, so that `pyarrow.memory_map` copies nothing.
 *
 * A fixed dimension of a tensor is a fixed-size list, a ragged one a list. Arrow lacks bfloat16, which comes as
 * float32, and complex numbers, which come as pairs.
 */
export const arrow: SampleSink = {
  name: 'arrow',
  extension: '.arrow',
  layout: 'file',

  check(schema) {
    return describeChanges(schema);
  },

  async open(path, task): Promise<OpenedSink> {
    const library = await import('apache-arrow');
    return new ArrowFile(library, await OutputFile.create(path), task);
  },
};

/** What readers of a table find changed. */
export function describeChanges({ fields }: Schema): string[] {
  const named = (dtype: string) =>
    fields.filter((field) => field.kind === 'tensor' && field.dtype === dtype).map(({ name }) => name);
  const halves = named('bfloat16');
  const complex = named('complex64');
  const json = fields.filter(({ kind }) => kind === 'json').map(({ name }) => name);
  return [
    ...(halves.length > 0 ? [`bfloat16 as float32: ${halves.join(', ')}`] : []),
    ...(complex.length > 0 ? [`complex numbers as pairs: ${complex.join(', ')}`] : []),
    ...(json.length > 0 ? [`JSON as text: ${json.join(', ')}`] : []),
  ];
}

class ArrowFile implements OpenedSink {
  readonly #arrow: Arrow;
  readonly #file: OutputFile;
  readonly #columns: readonly ArrowColumn[];
  readonly #schema: ArrowSchema;
  readonly #writer: { write(batch: RecordBatch): unknown; close(): unknown };
  /** What the library has written and the file has not taken yet. */
  readonly #chunks: Uint8Array[] = [];
  #batchBytes = 0;
  #batchRows = 0;

  constructor(arrow: Arrow, file: OutputFile, { schema }: SinkTask) {
    this.#arrow = arrow;
    this.#file = file;
    this.#columns = schema.fields.map((field) => new ArrowColumn(arrow, field));
    // Nothing is null, but `datasets` takes a column for an image or a class only where it could be.
    const fields = this.#columns.map(({ name, type }) => new arrow.Field(name, type, true));
    this.#schema = new arrow.Schema(fields, tableMetadata(schema));
    this.#writer = new (fileWriter(arrow))().reset(queueInto(arrow, this.#chunks), this.#schema);
  }

  get bytes(): number {
    return this.#file.bytes + this.#batchBytes;
  }

  async write(sample: Readonly<Record<string, unknown>>): Promise<void> {
    for (const column of this.#columns) {
      const value = sample[column.name];
      column.append(value);
      this.#batchBytes += valueBytes(column.field, value);
    }
    this.#batchRows++;
    if (this.#batchBytes >= BATCH_BYTES || this.#batchRows === BATCH_ROWS) await this.#writeBatch();
  }

  async finish(): Promise<void> {
    if (this.#batchRows > 0) await this.#writeBatch();
    this.#writer.close();
    await this.#drain();
    await this.#file.finish();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeBatch(): Promise<void> {
    const arrow = this.#arrow;
    const length = this.#batchRows;
    const children: Data[] = this.#columns.map((column) => column.take());
    const type: DataType = new arrow.Struct(this.#schema.fields);
    const struct = arrow.makeData({ type: type as never, length, nullCount: 0, children } as never);
    this.#writer.write(new arrow.RecordBatch(this.#schema, struct as never));
    this.#batchRows = 0;
    this.#batchBytes = 0;
    await this.#drain();
  }

  async #drain(): Promise<void> {
    for (const chunk of this.#chunks.splice(0)) await this.#file.write(chunk);
  }
}

/** The library leaves out the schema in front, which who reads the file as a stream needs; it writes the footer's only. */
function fileWriter(arrow: Arrow) {
  return class extends arrow.RecordBatchFileWriter {
    protected override _writeSchema(schema: ArrowSchema): this {
      super._writeSchema(schema);
      return this._writeMessage(arrow.Message.from(schema as never) as never);
    }
  };
}

/** A queue, as the library's writer wants one, that only gathers what is written. */
function queueInto(arrow: Arrow, chunks: Uint8Array[]) {
  return new (class extends arrow.AsyncByteQueue {
    override write(chunk: Uint8Array): number {
      return chunks.push(chunk);
    }
    override close(): void {}
  })();
}
