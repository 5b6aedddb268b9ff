import { ZcError } from '@zc/errors';
import type { Turns } from './chairman.js';
import { mix } from './mix.js';
import type { OrderOptions, Sequence } from './sequence.js';

/** A source as a mixture sees it. */
export interface MixedSource {
  readonly length: number;
  sequence(options: OrderOptions): Sequence;
  /** Its turns in a period. */
  readonly share: number;
  /** The number of its first row in the mixture. */
  readonly firstRow: number;
}

export interface MixedOrderOptions extends OrderOptions {
  length: number;
  turns: Turns;
}

/**
 * The order of one epoch of a mixture: whose turn it is follows from the pattern, and the sample from how many
 * turns that source has had since the first epoch. Any position takes constant time.
 */
export class MixedOrder implements Sequence {
  readonly length: number;
  readonly #sources: readonly MixedSource[];
  readonly #options: MixedOrderOptions;
  readonly #period: number;
  /** Samples of each source that earlier epochs of the mixture had. */
  readonly #before: readonly number[];
  /** Of each source the order of the epoch of its own that it was in last. */
  readonly #orders: ({ epoch: number; sequence: Sequence } | undefined)[] = [];
  /** Where the samples of each source go in the list that is being filled. */
  readonly #places: number[][];

  constructor(sources: readonly MixedSource[], options: MixedOrderOptions) {
    const { length, turns, epoch } = options;
    this.length = length;
    this.#sources = sources;
    this.#options = options;
    this.#period = turns.whose.length;
    this.#places = sources.map(() => []);
    const inTail = new Float64Array(sources.length);
    for (let place = 0; place < length % this.#period; place++) inTail[turns.whose[place]!]!++;
    const periods = Math.floor(length / this.#period);
    this.#before = sources.map(({ share }, i) => {
      const perEpoch = periods * share + inTail[i]!;
      if ((epoch + 1) * perEpoch <= Number.MAX_SAFE_INTEGER) return epoch * perEpoch;
      throw new ZcError('ZC_ARGUMENT', 'so many epochs of so long a mixture cannot be counted', {
        actual: epoch,
      });
    });
  }

  fill(out: Float64Array, start: number, count: number): void {
    const { whose, rank } = this.#options.turns;
    const firstTurns = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const cycle = Math.floor((start + i) / this.#period);
      const place = start + i - cycle * this.#period;
      const source = whose[place]!;
      if (this.#places[source]!.length === 0) {
        firstTurns.set(source, cycle * this.#sources[source]!.share + rank[place]!);
      }
      this.#places[source]!.push(i);
    }
    for (const [source, turn] of firstTurns) {
      const places = this.#places[source]!;
      const ids = this.#take(source, this.#before[source]! + turn, places.length);
      for (let i = 0; i < places.length; i++) out[places[i]!] = ids[i]!;
      places.length = 0;
    }
  }

  /** The samples that a source gives from its turn `first` on, as rows of the mixture. */
  #take(source: number, first: number, count: number): Float64Array {
    const { length, firstRow } = this.#sources[source]!;
    const ids = new Float64Array(count);
    for (let done = 0; done < count; ) {
      const epoch = Math.floor((first + done) / length);
      const position = first + done - epoch * length;
      const part = Math.min(count - done, length - position);
      this.#orderOf(source, epoch).fill(ids.subarray(done, done + part), position, part);
      done += part;
    }
    if (firstRow > 0) for (let i = 0; i < count; i++) ids[i]! += firstRow;
    return ids;
  }

  #orderOf(source: number, epoch: number): Sequence {
    const known = this.#orders[source];
    if (known?.epoch === epoch) return known.sequence;
    const { shuffle, seed } = this.#options;
    const sequence = this.#sources[source]!.sequence({ shuffle, seed: seedOf(seed, source), epoch });
    this.#orders[source] = { epoch, sequence };
    return sequence;
  }
}

/** Sources of equal length must not go through their samples in the same order. The first one keeps the seed. */
function seedOf(seed: number, source: number): number {
  if (source === 0) return seed;
  const low = mix(seed ^ mix(source)) >>> 0;
  const high = mix(Math.floor(seed / 2 ** 32) ^ mix(low)) >>> 11;
  return high * 2 ** 32 + low;
}
