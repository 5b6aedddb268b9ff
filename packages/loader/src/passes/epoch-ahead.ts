import type { Epoch } from './epoch.js';
import type { Pass, PassPlace } from './pass.js';

/** An epoch, and where in it. */
export interface EpochPlace extends PassPlace {
  readonly epoch: number;
}

/** An iteration of a loader, or what will be one. */
export interface BegunEpoch {
  readonly epoch: number;
  readonly pass: Pass;
  readonly batches: Epoch;
}

/**
 * The epoch that is read ahead of its iteration, while the last batches of the one before are used up.
 *
 * It takes no more slots than the current epoch has left over, so that one epoch too much, which nobody can
 * foresee, costs a few batches. It is dropped when another place turns out to be the next one.
 */
export class EpochAhead {
  #ahead: { readonly place: EpochPlace; readonly begun: BegunEpoch } | undefined;

  /** Reads so many batches from a place on; those that were read before count. */
  read(batches: number, place: EpochPlace, begin: () => BegunEpoch): void {
    this.#ahead ??= { place, begun: begin() };
    this.#ahead.begun.batches.readAhead(batches);
  }

  /** Gives the epoch away, where it begins at this place. */
  take(place: EpochPlace): BegunEpoch | undefined {
    this.keepFor(place);
    const begun = this.#ahead?.begun;
    this.#ahead = undefined;
    return begun;
  }

  /** Drops the epoch unless it begins at this place. */
  keepFor({ epoch, position, sampler }: EpochPlace): void {
    const place = this.#ahead?.place;
    if (place?.epoch === epoch && place.position === position && sampler === undefined) return;
    void this.drop();
  }

  /** Ends its reads and frees its slots. */
  async drop(): Promise<void> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    await ahead?.begun.batches.return();
  }
}
