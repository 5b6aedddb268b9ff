import type { Sequence } from './sequence.js';

export interface RankShareOptions {
  samples: number;
  batchSize: number;
  rank: number;
  worldSize: number;
  dropLast: boolean;
  /** Where in the job's list this epoch (or what is left of it) begins. */
  start: number;
}

/**
 * The part of an epoch that one rank reads.
 *
 * The job's list is cut into global batches of `batchSize * worldSize` positions, counted from `start`; rank r
 * takes the r-th run of `batchSize` of each. What is left over at the end is dropped with `dropLast`; else it
 * is padded from the front of the list to a multiple of the world size and split evenly, so that every rank
 * has equally many batches of equal length. The counts are those of PyTorch's DistributedSampler followed by
 * its DataLoader.
 */
export class RankShare {
  /** Batches of this rank, and of every other one. */
  readonly batches: number;
  readonly #options: RankShareOptions;
  readonly #end: number;

  constructor(options: RankShareOptions) {
    const { samples, batchSize, worldSize, dropLast, start } = options;
    const globalBatch = batchSize * worldSize;
    const left = Math.max(0, samples - start);
    const used = dropLast
      ? Math.floor(left / globalBatch) * globalBatch
      : Math.ceil(left / worldSize) * worldSize;
    this.#options = options;
    this.#end = start + used;
    this.batches = Math.ceil(used / globalBatch);
  }

  /** How many samples the rank's batch of this number has. */
  batchLength(batch: number): number {
    return this.#globalLength(batch) / this.#options.worldSize;
  }

  /** Writes the ids of the rank's batch to `out`, which is as long as the batch. */
  fill(out: Float64Array, batch: number, sequence: Sequence): void {
    const length = this.batchLength(batch);
    const first = this.firstPosition(batch);
    const { samples } = this.#options;
    let done = 0;
    // Positions behind the end of the list are the padding: they begin again at its front.
    while (done < length) {
      const position = (first + done) % samples;
      const count = Math.min(length - done, samples - position);
      sequence.fill(done === 0 ? out : out.subarray(done), position, count);
      done += count;
    }
  }

  /** Where the first sample of the rank's batch stands in the job's list; the others follow. */
  firstPosition(batch: number): number {
    return this.#globalStart(batch) + this.#options.rank * this.batchLength(batch);
  }

  /** The position in the job's list once all ranks have had their batch of this number. */
  positionAfter(batch: number): number {
    return this.#globalStart(batch) + this.#globalLength(batch);
  }

  #globalStart(batch: number): number {
    const { start, batchSize, worldSize } = this.#options;
    return start + batch * batchSize * worldSize;
  }

  #globalLength(batch: number): number {
    const { batchSize, worldSize } = this.#options;
    return Math.min(batchSize * worldSize, this.#end - this.#globalStart(batch));
  }
}
