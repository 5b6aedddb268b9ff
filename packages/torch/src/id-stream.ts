import { protocolError } from './protocol.js';

/** Ids that may wait to be made batches of. A client that sends more does not heed how far ahead it is asked. */
export const IDS_WAITING_MAX = 2 ** 24;

/**
 * The ids of one iteration's batches, as the client's sampler gives them: its frames go in, whole batches come
 * out.
 */
export class IdStream implements AsyncIterableIterator<Float64Array, undefined> {
  /** Batches that have come whole. */
  received = 0;
  readonly #onStarved: () => void;
  readonly #batches: Float64Array[] = [];
  /** Of the batch that has not come whole. */
  #parts: Float64Array[] = [];
  #waitingIds = 0;
  #ended = false;
  #answer: ((result: IteratorResult<Float64Array, undefined>) => void) | undefined;

  /** @param onStarved told when a batch is asked for whose ids have not come */
  constructor(onStarved: () => void) {
    this.#onStarved = onStarved;
  }

  /** @throws ZC_TORCH_PROTOCOL where too many wait, or any come behind the last ones */
  push(ids: Float64Array, more: boolean): void {
    if (this.#ended) throw protocolError('there are ids behind the last batch');
    this.#waitingIds += ids.length;
    if (this.#waitingIds > IDS_WAITING_MAX) {
      throw protocolError(
        `${this.#waitingIds} ids wait, at most ${IDS_WAITING_MAX} may`,
        IDS_WAITING_MAX,
        this.#waitingIds,
      );
    }
    this.#parts.push(ids);
    if (more) return;
    const parts = this.#parts;
    this.#parts = [];
    this.#batches.push(parts.length === 1 ? ids : concatenated(parts));
    this.received++;
    this.#answerIfPossible();
  }

  /** No batch comes any more. */
  end(): void {
    this.#ended = true;
    this.#answerIfPossible();
  }

  /** The ids of the next batch. One call at a time. */
  next(): Promise<IteratorResult<Float64Array, undefined>> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      if (this.#batches.length === 0 && !this.#ended) this.#onStarved();
      this.#answerIfPossible();
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #answerIfPossible(): void {
    const answer = this.#answer;
    if (answer === undefined) return;
    const value = this.#batches.shift();
    if (value === undefined && !this.#ended) return;
    this.#answer = undefined;
    this.#waitingIds -= value?.length ?? 0;
    answer(value === undefined ? { value, done: true } : { value, done: false });
  }
}

function concatenated(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
