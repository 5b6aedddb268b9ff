import type { RankShare } from '../order/ranks.js';
import type { Sequence } from '../order/sequence.js';
import type { BlockReadAhead } from '../reading/block-read-ahead.js';

/** Where a pass can be gone on with: what a state says besides whose it is. */
export interface PassPlace {
  /** Samples that were handed out. */
  readonly position: number;
  /** Of a sampler of the user's own: its own state, or null where it has none. */
  readonly sampler?: unknown;
}

/** Which samples the batches of one pass over an epoch (or over the rest of one) have. */
export interface Pass {
  /** How many batches there are; Infinity where that shows only at the end. */
  readonly batches: number;
  /** The ids of each batch, asked for in turn; nothing behind the last one. */
  idsOf(batch: number): Float64Array | undefined | Promise<Float64Array | undefined>;
  /** Where the first id of a batch stands in the list; the others follow. */
  positionOf(batch: number): number;
  /** Where to go on once so many batches were handed out; nothing where these were all. */
  placeAfter(batches: number): PassPlace | undefined;
  /** Told that batches up to this one were handed out: nothing is asked about those before it any more. */
  forgetBefore(batch: number): void;
  /** Lets go of what gives the ids. */
  close(): void;
}

export interface ListedPassOptions {
  share: RankShare;
  sequence: Sequence;
  /** Where in the list the pass begins. */
  start: number;
  /** Brings blocks of samples before batches are made of them. */
  ahead: BlockReadAhead | undefined;
}

/** A rank's share of the job's list. */
export class ListedPass implements Pass {
  readonly batches: number;
  readonly #share: RankShare;
  readonly #sequence: Sequence;
  readonly #start: number;
  readonly #ahead: BlockReadAhead | undefined;

  constructor({ share, sequence, start, ahead }: ListedPassOptions) {
    this.batches = share.batches;
    this.#ahead = ahead;
    this.#share = share;
    this.#sequence = sequence;
    this.#start = start;
  }

  idsOf(batch: number): Float64Array | undefined | Promise<Float64Array> {
    if (batch >= this.batches) return undefined;
    const ids = this.#listed(batch);
    const first = this.#share.firstPosition(batch);
    return this.#ahead?.reach(first, first + ids.length - 1)?.then(() => ids) ?? ids;
  }

  positionOf(batch: number): number {
    return this.#share.firstPosition(batch);
  }

  placeAfter(batches: number): PassPlace | undefined {
    if (batches === 0) return { position: this.#start };
    return batches < this.batches ? { position: this.#share.positionAfter(batches - 1) } : undefined;
  }

  forgetBefore(): void {}

  close(): void {
    this.#ahead?.stop();
  }

  /** The ids of every batch, in turn; nothing is brought for them. */
  *list(): Generator<Float64Array, undefined> {
    for (let batch = 0; batch < this.batches; batch++) yield this.#listed(batch);
  }

  #listed(batch: number): Float64Array {
    const ids = new Float64Array(this.#share.batchLength(batch));
    this.#share.fill(ids, batch, this.#sequence);
    return ids;
  }
}
