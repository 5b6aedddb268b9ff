import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import type { Field, Schema } from '@zc/format';
import { openDataset, openPartial } from '@zc/format/node';
import { fastDigests } from './digests.js';
import { ProgressClock } from './progress-clock.js';
import { chooseSink } from './sinks/choose-sink.js';
import { openPartialFile } from './sinks/publish-file.js';
import type { OpenedSink, SampleSink, SinkName } from './sinks/sample-sink.js';
import { throwIfAborted } from './throw-if-aborted.js';

/** What `exportDataset` is given. */
export interface ExportOptions {
  /** The directory of a dataset. */
  readonly input: string;
  /** A file with the format's ending, such as `train.parquet`, or a folder that is to hold files of `shardBytes`. */
  readonly output: string;
  /** By default what the output's ending says. */
  readonly to?: SinkName | undefined;
  /** Only these fields, in the dataset's order. */
  readonly fields?: readonly string[] | undefined;
  /** Wanted size of a file where the output is a folder. Default 256 MiB. */
  readonly shardBytes?: number | undefined;
  /** Replace a file that is there already; a folder that holds something is never replaced. Default false. */
  readonly overwrite?: boolean | undefined;
  /** Ends the export; nothing appears under the output's name. */
  readonly signal?: AbortSignal | undefined;
  /** Called once before a sample is written, with what readers of the format will find changed. */
  readonly onStart?: ((start: ExportStart) => void) | undefined;
  /** Called some ten times a second, and after the last sample. */
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

/** What is about to be exported. */
export interface ExportStart {
  readonly to: SinkName;
  /** Of the fields that are exported. */
  readonly schema: Schema;
  readonly samples: number;
  /** What the format cannot say, one fact an entry. */
  readonly changes: readonly string[];
}

/** How far an export is. */
export interface ExportProgress {
  readonly samples: number;
  readonly samplesTotal: number;
  /** Bytes written so far, those that wait in memory included. */
  readonly bytes: number;
}

/** What an export has written. */
export interface ExportReport {
  readonly to: SinkName;
  readonly samples: number;
  readonly files: number;
  readonly bytes: number;
  readonly seconds: number;
}

const SHARD_BYTES = 256 * 2 ** 20;
const ENDED = 'the export was ended; nothing was written';

/**
 * Writes a dataset's samples, in their order, as files of another format, which appear all at once when everything
 * is written.
 *
 * Memory stays flat: samples are streamed, in groups of some megabytes where the format has such.
 *
 * @throws ZC_ARGUMENT for a format or field that is not known; ZC_CONVERT_UNSUPPORTED for what the format cannot hold;
 *   ZC_IO_EXISTS, ZC_IO_WRITE, ZC_ABORTED, and what reading the dataset throws
 *
 * @example
 * await exportDataset({ input: 'data/train', output: 'train.parquet' });
 */
export async function exportDataset(options: ExportOptions): Promise<ExportReport> {
  const { input, output, shardBytes = SHARD_BYTES, overwrite = false, signal, onStart } = options;
  const started = performance.now();
  const { sink, isFile } = chooseSink(output, options.to);
  if (!Number.isSafeInteger(shardBytes) || shardBytes < 1) {
    throw new ZcError('ZC_ARGUMENT', `shardBytes is ${shardBytes}, expected a whole number of 1 or more`);
  }
  await using dataset = await openDataset(input, { digests: fastDigests() });
  const schema = chooseFields(dataset.schema, options.fields);
  const samples = dataset.length;
  const changes = sink.check(schema);
  onStart?.({ to: sink.name, schema, samples, changes });
  const place = isFile
    ? await openPartialFile(output, { overwrite })
    : await openPartial(output, { overwrite: false });
  try {
    const files = new Files(sink, { path: place.path, isFile, shardBytes }, { schema, samples });
    try {
      const report = progressReporter(files, samples, options.onProgress);
      for await (const sample of dataset.rows()) {
        throwIfAborted(signal, ENDED, { path: output });
        await files.write(sample);
        report.sample();
      }
      report.end();
      throwIfAborted(signal, ENDED, { path: output });
      await files.finish();
    } finally {
      await files.close();
    }
    await place.publish();
    const seconds = (performance.now() - started) / 1000;
    return { to: sink.name, samples, files: files.count, bytes: files.bytes, seconds };
  } finally {
    // What was published lies elsewhere by now.
    await place.discard();
  }
}

/** The files of an export, one after the other where there may be many. */
class Files {
  readonly #sink: SampleSink;
  readonly #place: { path: string; isFile: boolean; shardBytes: number };
  readonly #task: { schema: Schema; samples: number };
  #open: OpenedSink | undefined;
  #count = 0;
  #bytesFinished = 0;
  #rows = 0;

  constructor(
    sink: SampleSink,
    place: { path: string; isFile: boolean; shardBytes: number },
    task: { schema: Schema; samples: number },
  ) {
    this.#sink = sink;
    this.#place = place;
    this.#task = task;
  }

  get bytes(): number {
    return this.#bytesFinished + (this.#open?.bytes ?? 0);
  }

  get count(): number {
    return this.#sink.layout === 'folder' ? this.#task.schema.fields.length : this.#count;
  }

  async write(sample: Readonly<Record<string, unknown>>): Promise<void> {
    const file = this.#open ?? (await this.#begin());
    await file.write(sample, this.#rows++);
    const isFull = file.bytes >= this.#place.shardBytes;
    if (isFull && this.#sink.layout === 'file' && !this.#place.isFile) await this.#end();
  }

  async finish(): Promise<void> {
    // A dataset without samples is a file without samples.
    if (this.#count === 0) await this.#begin();
    await this.#end();
  }

  async close(): Promise<void> {
    await this.#open?.close();
  }

  async #begin(): Promise<OpenedSink> {
    const { path, isFile } = this.#place;
    const { layout, extension } = this.#sink;
    const number = String(this.#count++).padStart(6, '0');
    const file = isFile || layout === 'folder' ? path : join(path, `shard-${number}${extension}`);
    this.#open = await this.#sink.open(file, this.#task);
    return this.#open;
  }

  async #end(): Promise<void> {
    if (!this.#open) return;
    await this.#open.finish();
    this.#bytesFinished += this.#open.bytes;
    this.#open = undefined;
  }
}

function chooseFields(schema: Schema, names: readonly string[] | undefined): Schema {
  if (names === undefined) return schema;
  const known = schema.fields.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined || names.length === 0) {
    throw new ZcError(
      'ZC_ARGUMENT',
      unknown === undefined ? 'no field was named' : `there is no field "${unknown}"`,
      {
        advice: `The fields are ${known.join(', ')}.`,
      },
    );
  }
  const fields = schema.fields.filter(({ name }) => names.includes(name)) as readonly Field[];
  const main = names.includes(schema.main) ? schema.main : fields[0]!.name;
  return { fields, main, metadata: schema.metadata };
}

function progressReporter(files: Files, samplesTotal: number, onProgress: ExportOptions['onProgress']) {
  let samples = 0;
  const clock = new ProgressClock();
  const report = () => onProgress?.({ samples, samplesTotal, bytes: files.bytes });
  return {
    sample() {
      samples++;
      if (clock.strikes()) report();
    },
    end: report,
  };
}
