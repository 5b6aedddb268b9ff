import type { Schema } from '@zc/format';

/** A kind of input that can be packed: a folder of files, a `.npy` file. One file of this folder each. */
export interface SampleSource {
  /** Whether the path is an input of this kind; looks at its content, not at its name. */
  detect(path: string): Promise<boolean>;
  /**
   * Reads enough of the input to know the schema of its samples.
   *
   * @throws ZC_CONVERT_SOURCE, ZC_CONVERT_UNSUPPORTED, ZC_CONVERT_MIXED, ZC_CONVERT_EMPTY
   */
  open(path: string, options: SourceOptions): Promise<OpenedSource>;
}

/** Which files of an input are meant, and where their labels come from. */
export interface SourceOptions {
  /** Only files that match one of these patterns, such as `*_[0-4].wav` or `train/**`. */
  readonly include?: readonly string[] | undefined;
  /** No file that matches one of these. */
  readonly exclude?: readonly string[] | undefined;
  /** Where labels come from: `auto`, `folder`, `none` or `name:REGEX`. */
  readonly labelFrom?: string | undefined;
}

/** An input whose schema is known and whose rows can be streamed, once. */
export interface OpenedSource {
  readonly schema: Schema;
  /** How many samples `rows` will give. */
  readonly samples: number;
  /** What was recognised and what was guessed, one fact an entry, for the user to check. */
  readonly facts: readonly string[];
  /** The samples in their order. A row's values may lie in a buffer that the next chunk does not reuse. */
  rows(): AsyncIterable<SourceRow>;
}

/** One sample, and how many bytes of input it took. */
export interface SourceRow {
  readonly sample: Record<string, unknown>;
  readonly bytesRead: number;
}
