import { isZcError, type ZcError } from '@zc/errors';
import { type EncodedSample, SampleEncoder, type Schema } from '@zc/format';
import { rowError } from './row-error.js';
import type { BadRow, SourceRow } from './sources/sample-source.js';
import type { StepChain } from './steps/chain.js';

/** What became of one row of the source: the samples it gave, in stored form, or what is wrong with it. */
export interface StoredRow {
  /** Valid until the next row is asked for. */
  readonly samples: readonly EncodedSample[];
  readonly error?: ZcError | undefined;
  readonly bytesRead: number;
}

/** Brings rows of the source into stored form, through steps where there are some. */
export class RowStorer {
  readonly #encoder: SampleEncoder;
  readonly #chain: StepChain | undefined;

  constructor(schema: Schema, chain: StepChain | undefined) {
    this.#encoder = new SampleEncoder(schema);
    this.#chain = chain;
  }

  /**
   * The row's samples, all or none; an error that is the row's own is given, not thrown.
   *
   * @returns a promise only where there are steps
   */
  store(row: SourceRow | BadRow, index: number): StoredRow | Promise<StoredRow> {
    const { bytesRead } = row;
    if ('error' in row) return { samples: [], error: row.error, bytesRead };
    const origin = row.origin;
    if (this.#chain !== undefined) return this.#storeChanged(row, index);
    try {
      return { samples: [this.#encoder.encode(row.sample, index)], bytesRead };
    } catch (error) {
      return refused(error, { origin, index, bytesRead });
    }
  }

  async #storeChanged({ sample, origin, bytesRead }: SourceRow, index: number): Promise<StoredRow> {
    try {
      const changed = await this.#chain!.apply(sample, { index, origin });
      const [only] = changed;
      if (changed.length === 1) return { samples: [this.#encoder.encode(only!, index)], bytesRead };
      return { samples: changed.map((sample) => copyOf(this.#encoder.encode(sample, index))), bytesRead };
    } catch (error) {
      return refused(error, { origin, index, bytesRead });
    }
  }
}

function refused(
  error: unknown,
  row: { origin: string | undefined; index: number; bytesRead: number },
): StoredRow {
  if (!isZcError(error)) throw error;
  return { samples: [], error: rowError(error, row), bytesRead: row.bytesRead };
}

/** What an encoder gives is valid until its next call. */
function copyOf({ rows, dims, bytes }: EncodedSample): EncodedSample {
  return { rows: rows.map((row) => row.slice()), dims: dims.map((extents) => extents.slice()), bytes };
}
