import type { Schema } from '@zc/format';

/** A sample on its way from the source to the dataset. */
export type StepSample = Record<string, unknown>;

/** Where a sample came from. */
export interface StepRow {
  /** Its row's place in the input, from 0; bad rows count too. */
  readonly index: number;
  /** File and entry, where the source tells them. */
  readonly origin: string | undefined;
}

/** What becomes of one sample: another one, none, several. */
export type StepResult = StepSample | readonly StepSample[] | undefined;

/**
 * A change of samples between the source and the dataset: one kind a file of this folder.
 *
 * A step gives the same result for the same sample, whichever thread it runs in and whatever came before.
 */
export interface Step {
  /** Of the samples behind the step. */
  readonly schema: Schema;
  /** @throws the error of this one sample: ZC_FORMAT_VALUE, ZC_CONVERT_SOURCE, ZC_CONVERT_MIXED, ZC_TRANSFORM */
  apply(sample: StepSample, row: StepRow): StepResult | Promise<StepResult>;
}

/** What a step is opened with. */
export interface StepGiven {
  /** The schema of the samples before it. */
  readonly before: Schema;
  /**
   * The first sample before the step, for those steps whose schema depends on it.
   *
   * @throws ZC_CONVERT_EMPTY where there is none
   */
  first(): Promise<{ sample: StepSample; row: StepRow }>;
  /** From here on `first` is the one after it. */
  skipFirst(): Promise<void>;
}
