import type { Schema } from '@zc/format';
import type { BadRowOptions, SkippedRow } from './bad-rows.js';
import type { InferOptions } from './infer.js';
import type { StepOptions } from './step-options.js';

/** What `pack` is given: an input, an output, and how the one becomes the other. */
export interface PackOptions extends InferOptions, StepOptions, BadRowOptions {
  /**
   * A folder, a file, several files of one kind (brace lists such as `train-{000..009}.tar` too), or `-` for
   * standard input.
   */
  readonly input: string | readonly string[];
  /** The directory of the new dataset. */
  readonly output: string;
  /** Wanted size of a shard; a shard is closed before the sample that would exceed it. Default 256 MiB. */
  readonly shardBytes?: number | undefined;
  /**
   * Threads that run the steps; by default one fewer than there are cores, at least one. What is written does not
   * depend on it.
   */
  readonly jobs?: number | undefined;
  /** Whether the manifest gets the SHA-256 of every shard. Default true. */
  readonly sha256?: boolean | undefined;
  /** Replace a dataset that is there already. Default false. */
  readonly overwrite?: boolean | undefined;
  /**
   * Go on with what an interrupted packing of the same input and options has left beside the output; where nothing is,
   * begin. Without it that is removed. The dataset is the same to the byte. Default false.
   */
  readonly resume?: boolean | undefined;
  /** Ends the packing; nothing appears under the output's name. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, when it is known what will be written and before a sample is. */
  readonly onPlan?: ((plan: PackPlan) => void) | undefined;
  /** Called where `resume` goes on with something. */
  readonly onResume?: ((taken: { samples: number; shards: number }) => void) | undefined;
  /** Called when the packing was ended and whole shards of it stay, in `path`, for `resume`. */
  readonly onKept?: ((kept: { samples: number; path: string }) => void) | undefined;
  /** Called some ten times a second, and after the last sample. */
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
}

/** What a packing will write, known before it begins. */
export interface PackPlan {
  /** Of the samples as they will lie in the dataset. */
  readonly schema: Schema;
  /** How many rows the input has; undefined where only reading to the end would tell. */
  readonly samples: number | undefined;
  /** Bytes of the input, about; undefined where nobody knows. */
  readonly bytes: number | undefined;
  /** What was recognised and what was guessed, one fact an entry. */
  readonly facts: readonly string[];
}

/** How far a packing is. */
export interface PackProgress {
  /** Rows of the input that were dealt with. */
  readonly samples: number;
  /** Undefined where only the end of the input tells. */
  readonly samplesTotal: number | undefined;
  /** Bytes of input that were packed so far. */
  readonly bytesRead: number;
  /** What `bytesRead` will come to, about; undefined where nobody knows. */
  readonly bytesTotal: number | undefined;
}

/** What a packing has written. */
export interface PackReport {
  readonly samples: number;
  readonly shards: number;
  /** Length of all shards together. */
  readonly bytes: number;
  readonly seconds: number;
  /** Of the samples, those that an interrupted packing had written before. */
  readonly resumed: number;
  /** How many records of the input were left out because they were bad (`onError: 'skip'`). */
  readonly skipped: number;
  /** The first `errorsKept` of them. */
  readonly errors: readonly SkippedRow[];
}
