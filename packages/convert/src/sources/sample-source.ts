import type { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import type { Input } from '../input.js';

/** A kind of input that can be packed: a folder of files, a `.npy` file. One file of this folder each. */
export interface SampleSource {
  /** How messages and `--from` name it: `npy`, `webdataset`, `parquet`. */
  readonly name: string;
  /** Whether the input is of this kind; looks at its content, not at its name. */
  detect(input: Input): Promise<boolean>;
  /**
   * Reads enough of the input to know the schema of its samples.
   *
   * @throws ZC_CONVERT_SOURCE, ZC_CONVERT_UNSUPPORTED, ZC_CONVERT_MIXED, ZC_CONVERT_EMPTY
   */
  open(input: Input, options: SourceOptions): Promise<OpenedSource>;
}

/** Which files of an input are meant, and where their labels come from. */
export interface SourceOptions {
  /** Only files that match one of these patterns, such as `*_[0-4].wav` or `train/**`. */
  readonly include?: readonly string[] | undefined;
  /** No file that matches one of these. */
  readonly exclude?: readonly string[] | undefined;
  /** Where labels come from: `auto`, `folder`, `none` or `name:REGEX`. */
  readonly labelFrom?: string | undefined;
  /** The names of the classes in the order of their numbers; by default those that were found, sorted. */
  readonly classes?: readonly string[] | undefined;
}

/** An input whose schema is known and whose rows can be streamed, once. */
export interface OpenedSource {
  /** Encoded media (JPEG, FLAC) come as `bytes` with their media type; decoding them is not a source's work. */
  readonly schema: Schema;
  /** How many rows there are; undefined where only reading to the end would tell. */
  readonly samples: number | undefined;
  /** What the `bytesRead` of all rows will add up to, about; undefined where nobody knows. */
  readonly bytes: number | undefined;
  /** What was recognised and what was guessed, one fact an entry, for the user to check. */
  readonly facts: readonly string[];
  /**
   * The rows in their order, which is the same in every run, without the first `from` of them. A source that has
   * no shorter way reads these and drops them.
   *
   * A row's values may lie in a buffer that the next chunk does not reuse. What ends the stream is thrown; a row
   * that is bad by itself, behind which reading can go on, comes as a `BadRow`.
   */
  rows(from: number): AsyncIterable<SourceRow | BadRow>;
}

/** One sample, and how many bytes of input it took. */
export interface SourceRow {
  readonly sample: Record<string, unknown>;
  readonly bytesRead: number;
  /** Where it came from, for messages: file and entry, such as `train-000.tar:0042.jpg`. */
  readonly origin?: string | undefined;
}

/** A record that cannot be a sample; `error` names file, entry and offset. */
export interface BadRow {
  readonly error: ZcError;
  readonly bytesRead: number;
}
