import type { Schema } from '@zc/format';

/** The formats that a dataset can be exported to. */
export const sinkNames = ['webdataset', 'parquet', 'arrow', 'npy', 'jsonl'] as const;

/** See `sinkNames`. */
export type SinkName = (typeof sinkNames)[number];

/** A format that samples are written to. One file of this folder each. */
export interface SampleSink {
  readonly name: SinkName;
  /** What its files' names end with, the dot included. */
  readonly extension: string;
  /**
   * Whether one file holds whole samples, so that there may be one file or many, or a folder holds a file for
   * each field.
   */
  readonly layout: 'file' | 'folder';
  /**
   * Looks at a schema before anything is written.
   *
   * @returns what readers of the format will find changed, one fact an entry
   * @throws ZC_CONVERT_UNSUPPORTED naming the fields that the format cannot hold
   */
  check(schema: Schema): readonly string[];
  /** Begins a file, or a folder that exists and is empty. */
  open(path: string, task: SinkTask): Promise<OpenedSink>;
}

/** What a sink is told besides the samples. */
export interface SinkTask {
  /** Of the fields that are exported. */
  readonly schema: Schema;
  /** How many samples there are, all files together. */
  readonly samples: number;
}

/** A file, or a folder, that is being written. */
export interface OpenedSink {
  /** Bytes taken so far, those that wait in memory included: what the size of a file is decided by. */
  readonly bytes: number;
  /**
   * Takes a sample; it is the caller's again once the promise settles, but its arrays must not change before
   * `finish`. `row` is its number in the dataset.
   */
  write(sample: Readonly<Record<string, unknown>>, row: number): Promise<void>;
  /** Puts everything on the disk. */
  finish(): Promise<void>;
  /** Gives up what is not finished; does nothing after `finish`. */
  close(): Promise<void>;
}
