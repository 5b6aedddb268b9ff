import type { ReadResult } from '@zc/io';

/** What a device must give, in bytes a millisecond, for the page cache to be no faster than two epochs without it. */
const FAST = 2e6;
/** The epochs of a fast device that go past the page cache. */
const EPOCHS_PAST = 2;
/** So long a device is watched before it is judged. */
const WATCHED_MS = 100;

/** What one batch says of the device. */
export interface DeviceEvidence {
  epoch: number;
  result: Pick<ReadResult, 'bytesDirect' | 'bytesStaged'>;
  /** How long the consumer waited for it, and how long it was busy before it asked. */
  waitedMs: number;
  stepMs: number;
}

/**
 * Whether the rows of a dataset that fits the page cache are read through it.
 *
 * That makes the later epochs fast, and the first one dear: a page has to be found for every 4 KiB. So a loader does
 * it at once where its consumer waits for a slow device. Where the device is fast, or the consumer the slower one, it
 * does so from its third epoch on: a job that has come so far will have more of them.
 */
export class CacheUse {
  #worthwhile = false;
  #firstEpoch: number | undefined;
  #bytes = 0;
  #waitedMs = 0;
  #watchedMs = 0;

  get worthwhile(): boolean {
    return this.#worthwhile;
  }

  /** Takes what one batch more has shown. */
  note({ epoch, result, waitedMs, stepMs }: DeviceEvidence): void {
    if (this.#worthwhile) return;
    // The wait for the very first batch is for files that are opened, and tables.
    if (this.#firstEpoch === undefined) {
      this.#firstEpoch = epoch;
      return;
    }
    this.#bytes += result.bytesDirect + result.bytesStaged;
    this.#waitedMs += waitedMs;
    this.#watchedMs += waitedMs + stepMs;
    const isSlow = this.#waitedMs > this.#watchedMs / 2 && this.#bytes < FAST * this.#watchedMs;
    this.#worthwhile = (isSlow && this.#watchedMs > WATCHED_MS) || epoch - this.#firstEpoch >= EPOCHS_PAST;
  }
}
