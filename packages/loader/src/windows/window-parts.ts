import { doubled } from '../doubled.js';
import type { PlacedWindows } from './window-map.js';

/**
 * The windows of a batch, cut where shards end: in the order of the files, one run of parts a shard.
 *
 * One of these is used for batch after batch; its arrays grow to the largest one and hold the last one given.
 */
export class WindowParts {
  /** The shard of each run. */
  readonly runShards: number[] = [];
  /** Where each run begins among the parts; one entry more than there are runs. */
  readonly runStarts: number[] = [];
  /** Of each part in turn, its first token, counted in its shard. Ascending within a run. */
  starts = new Float64Array(64);
  /** Of each part in turn, where in the batch it begins and ends, in tokens. */
  targets = new Float64Array(128);
  readonly #firstTokens: Float64Array;
  readonly #windowLength: number;
  /** What of windows lies behind the end of the shard: where each goes on in the batch, and where it ends there. */
  #carried: number[] = [];
  #count = 0;

  constructor(firstTokens: Float64Array, windowLength: number) {
    this.#firstTokens = firstTokens;
    this.#windowLength = windowLength;
  }

  get count(): number {
    return this.#count;
  }

  /** @param shardOf finds the shard of a token */
  cut({ starts, lengths, positions, count }: PlacedWindows, shardOf: (token: number) => number): void {
    this.#count = 0;
    this.#carried.length = 0;
    this.runShards.length = 0;
    this.runStarts.length = 0;
    let shard = -1;
    for (let i = 0; i < count; i++) {
      const start = starts[i]!;
      if (shard === -1 || start >= this.#firstTokens[shard + 1]!) {
        const next = shardOf(start);
        this.#goOn(shard, next);
        shard = next;
      }
      const target = positions[i]! * this.#windowLength;
      this.#add(shard, start - this.#firstTokens[shard]!, target, target + lengths[i]!);
    }
    this.#goOn(shard, this.#firstTokens.length - 2);
    this.runStarts.push(this.#count);
  }

  /** Adds what was carried over to the shards behind `shard`, up to `last`. */
  #goOn(shard: number, last: number): void {
    for (let next = shard + 1; next <= last && this.#carried.length > 0; next++) {
      if (this.#firstTokens[next] === this.#firstTokens[next + 1]) continue;
      const carried = this.#carried;
      this.#carried = [];
      for (let i = 0; i < carried.length; i += 2) this.#add(next, 0, carried[i]!, carried[i + 1]!);
    }
  }

  /** Adds what of a window lies in a shard, and carries over the rest. */
  #add(shard: number, start: number, target: number, targetEnd: number): void {
    const end = Math.min(
      targetEnd,
      target + this.#firstTokens[shard + 1]! - this.#firstTokens[shard]! - start,
    );
    if (end < targetEnd) this.#carried.push(end, targetEnd);
    if (this.runShards.at(-1) !== shard) {
      this.runShards.push(shard);
      this.runStarts.push(this.#count);
    }
    const part = this.#count++;
    if (part === this.starts.length) {
      this.starts = doubled(this.starts);
      this.targets = doubled(this.targets);
    }
    this.starts[part] = start;
    this.targets[2 * part] = target;
    this.targets[2 * part + 1] = end;
  }
}
