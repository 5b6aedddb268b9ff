import type { TableAccess } from './table-access.js';

/** Where the windows of a batch lie, in the order of the stream. */
export interface PlacedWindows {
  /** The first token of each, ascending. */
  readonly starts: Float64Array;
  /** How many tokens each has: fewer than the window's length where it is to be padded. */
  readonly lengths: Float64Array;
  /** The place of each in the batch. */
  readonly positions: Uint32Array;
  readonly count: number;
}

/** Which tokens a window has. */
export interface WindowMap {
  /** How many windows there are. */
  readonly length: number;
  /**
   * Writes where windows begin and how many tokens they have; what is missing is asked of `access`.
   *
   * @param ids ascending, the first `count` of them
   */
  place(
    ids: Float64Array,
    count: number,
    out: { starts: Float64Array; lengths: Float64Array },
    access: TableAccess,
  ): void;
}

export interface WindowSteps {
  readonly length: number;
  readonly stride: number;
  /** Whether a last window that is shorter counts. */
  readonly padded: boolean;
}

/**
 * How many windows a run of tokens has.
 *
 * Padded, there are as many as it takes until no token is left that could be in one.
 */
export function windowsIn(tokens: number, { length, stride, padded }: WindowSteps): number {
  if (!padded) return tokens < length ? 0 : Math.floor((tokens - length) / stride) + 1;
  if (tokens <= length) return Math.min(tokens, 1);
  return Math.min(Math.ceil((tokens - length) / stride) + 1, Math.ceil(tokens / stride));
}

/** Windows at every `stride`-th token, whatever documents these belong to. */
export class StreamWindows implements WindowMap {
  readonly length: number;
  readonly #tokens: number;
  readonly #steps: WindowSteps;

  constructor(tokens: number, steps: WindowSteps) {
    this.length = windowsIn(tokens, steps);
    this.#tokens = tokens;
    this.#steps = steps;
  }

  place(
    ids: Float64Array,
    count: number,
    { starts, lengths }: { starts: Float64Array; lengths: Float64Array },
  ): void {
    const { length, stride } = this.#steps;
    for (let i = 0; i < count; i++) {
      const start = ids[i]! * stride;
      starts[i] = start;
      lengths[i] = Math.min(length, this.#tokens - start);
    }
  }
}
