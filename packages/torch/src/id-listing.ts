import { asReport } from './connection.js';
import { encodeEnd, encodeFailure, encodeIds, protocolError } from './protocol.js';

/** So many ids one message has, unless a single batch has more. */
export const LISTED_IDS_MAX = 32_768;
/** So many ids a batch has whose rows the client gathers itself: with more, its ids would not fit a frame. */
export const LISTED_BATCH_IDS_MAX = 65_536;

/** The ids of one iteration's batches, as messages for a client that gathers the rows itself. */
export class IdListing {
  readonly #channel: number;
  readonly #iteration: number;
  readonly #batches: Iterator<Float64Array, undefined>;
  /** The number of the first batch whose ids are in no message yet. */
  #next = 0;
  /** That batch's ids, where they did not fit the message before. */
  #drawn: Float64Array | undefined;

  /** @param batches the ids of each batch, in turn */
  constructor(channel: number, iteration: number, batches: Iterator<Float64Array, undefined>) {
    this.#channel = channel;
    this.#iteration = iteration;
    this.#batches = batches;
  }

  /**
   * The frame that begins with this batch, which is the one behind those of the frame before: its ids and those of
   * the batches behind it that fit; or the end, where there is no such batch; or why there are no ids.
   *
   * @throws ZC_TORCH_PROTOCOL where it is another batch's turn
   */
  frameFrom(batch: number): Buffer {
    if (batch !== this.#next) {
      throw protocolError(
        `the client waits for the ids of batch ${batch}, and batch ${this.#next} is next`,
        this.#next,
        batch,
      );
    }
    try {
      const batches = this.#draw();
      if (batches.length === 0) return encodeEnd(this.#channel, this.#iteration);
      this.#next += batches.length;
      return encodeIds(this.#channel, this.#iteration, batch, batches);
    } catch (error) {
      return encodeFailure(this.#channel, this.#iteration, asReport(error));
    }
  }

  #draw(): Float64Array[] {
    const batches: Float64Array[] = [];
    let count = 0;
    for (;;) {
      const ids = this.#drawn ?? this.#batches.next().value;
      this.#drawn = ids;
      if (ids === undefined || (count > 0 && count + ids.length > LISTED_IDS_MAX)) return batches;
      this.#drawn = undefined;
      batches.push(ids);
      count += ids.length;
    }
  }
}

/** @throws ZC_TORCH_PROTOCOL where ids of such batches are not sent */
export function checkListed(batchSize: number, sampled: number | undefined): void {
  if (sampled !== undefined) {
    throw protocolError('an iteration with a sampler has its ids from the client: none are listed');
  }
  if (batchSize > LISTED_BATCH_IDS_MAX) {
    throw protocolError(
      `a batch of ${batchSize} ids is not listed, one of at most ${LISTED_BATCH_IDS_MAX} is`,
      LISTED_BATCH_IDS_MAX,
      batchSize,
    );
  }
}
