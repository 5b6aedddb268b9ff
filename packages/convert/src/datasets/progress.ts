import { ProgressClock } from '../progress-clock.js';
import { throwIfAborted } from '../throw-if-aborted.js';

/** How far work on a dataset is. */
export interface DatasetProgress {
  readonly samples: number;
  readonly samplesTotal: number;
  /** Bytes that were read, or would have been where whole shards are taken over. */
  readonly bytes: number;
  readonly bytesTotal: number;
}

/** What all work on datasets can be given. */
export interface DatasetWork {
  /** Ends it with ZC_ABORTED; nothing appears under the output's name. */
  readonly signal?: AbortSignal | undefined;
  /** Called some ten times a second, and at the end. */
  readonly onProgress?: ((progress: DatasetProgress) => void) | undefined;
}

/** What ZC_ABORTED says of work on datasets. */
export const ENDED = 'the work was ended; nothing was changed';
/** Samples between two looks at the clock and the signal. */
const STRIDE = 64;

/** Counts what was done, tells it now and then, and ends the work when the signal says so. */
export class ProgressCounter {
  readonly #work: DatasetWork;
  readonly #samplesTotal: number;
  readonly #bytesTotal: number;
  #samples = 0;
  #bytes = 0;
  #unseen = 0;
  readonly #clock = new ProgressClock();

  constructor(work: DatasetWork, totals: { readonly samples: number; readonly bytes: number }) {
    this.#work = work;
    this.#samplesTotal = totals.samples;
    this.#bytesTotal = totals.bytes;
  }

  /** One sample more. */
  sample(bytes: number): void {
    this.#samples++;
    this.#bytes += bytes;
    if (++this.#unseen >= STRIDE || bytes >= 2 ** 16) this.#look();
  }

  /** A whole shard, or a part of one. */
  add(done: { readonly samples: number; readonly bytes: number }): void {
    this.#samples += done.samples;
    this.#bytes += done.bytes;
    this.#look();
  }

  end(): void {
    throwIfAborted(this.#work.signal, ENDED);
    this.#report();
  }

  #look(): void {
    this.#unseen = 0;
    throwIfAborted(this.#work.signal, ENDED);
    if (this.#clock.strikes()) this.#report();
  }

  #report(): void {
    this.#work.onProgress?.({
      samples: this.#samples,
      samplesTotal: this.#samplesTotal,
      bytes: this.#bytes,
      bytesTotal: this.#bytesTotal,
    });
  }
}
