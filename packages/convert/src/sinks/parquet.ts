import type { Schema } from '@zc/format';
import type { SchemaElement } from 'hyparquet';
import { describeChanges } from './arrow.js';
import { valueBytes } from './elements.js';
import { OutputFile } from './output-file.js';
import { ParquetColumn } from './parquet-column.js';
import type { OpenedSink, SampleSink, SinkTask } from './sample-sink.js';
import { tableMetadata } from './schema-metadata.js';

type Library = typeof import('hyparquet-writer');

/** Rows that take about this much memory while they are encoded are a row group. */
const GROUP_BYTES = 64 * 2 ** 20;
const GROUP_ROWS = 100_000;

/**
 * A Parquet file. Each dimension of a tensor is a list; bytes are binary columns.
 *
 * The metadata holds our schema, by which packing the file again restores fixed shapes and dtypes, and the features
 * by which Hugging Face `datasets` knows images and the names of classes. Parquet lacks bfloat16, which comes as
 * float32, and complex numbers, which come as pairs.
 */
export const parquet: SampleSink = {
  name: 'parquet',
  extension: '.parquet',
  layout: 'file',

  check(schema) {
    return describeChanges(schema);
  },

  async open(path, task): Promise<OpenedSink> {
    const library = await import('hyparquet-writer');
    return new ParquetFile(library, await OutputFile.create(path), task);
  },
};

class ParquetFile implements OpenedSink {
  readonly #file: OutputFile;
  readonly #columns: readonly ParquetColumn[];
  readonly #writer: InstanceType<Library['ParquetWriter']>;
  #waitingBytes = 0;
  /** What the rows that wait weigh in memory while they are encoded. */
  #weight = 0;
  #rows = 0;

  constructor(library: Library, file: OutputFile, { schema }: SinkTask) {
    this.#file = file;
    this.#columns = schema.fields.map((field) => new ParquetColumn(field));
    this.#writer = new library.ParquetWriter({
      writer: writerInto(library, file),
      schema: schemaElements(schema, this.#columns),
      kvMetadata: [...tableMetadata(schema)].map(([key, value]) => ({ key, value })),
      createdBy: 'zc-loader',
    });
  }

  get bytes(): number {
    return this.#file.bytes + this.#waitingBytes;
  }

  async write(sample: Readonly<Record<string, unknown>>): Promise<void> {
    for (const column of this.#columns) {
      const value = sample[column.name];
      this.#weight += column.append(value);
      this.#waitingBytes += valueBytes(column.field, value);
    }
    this.#rows++;
    if (this.#weight >= GROUP_BYTES || this.#rows === GROUP_ROWS) await this.#writeGroup();
  }

  async finish(): Promise<void> {
    if (this.#rows > 0) await this.#writeGroup();
    await this.#writer.finish();
    await this.#file.finish();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #writeGroup(): Promise<void> {
    const columnData = this.#columns.map((column) => column.take());
    await this.#writer.write({ columnData, rowGroupSize: this.#rows });
    this.#rows = 0;
    this.#weight = 0;
    this.#waitingBytes = 0;
  }
}

function schemaElements({ fields }: Schema, columns: readonly ParquetColumn[]): SchemaElement[] {
  return [{ name: 'schema', num_children: fields.length }, ...columns.flatMap(({ elements }) => elements)];
}

/** The library's buffer, which is emptied into the file after each row group. */
function writerInto(library: Library, file: OutputFile) {
  const writer = new library.ByteWriter();
  const flush = async () => {
    await file.write(writer.getBytes());
    writer.index = 0;
  };
  return Object.assign(writer, { flush, finish: flush });
}
