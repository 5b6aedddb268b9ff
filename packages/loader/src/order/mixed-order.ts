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
  /** For the list that is being filled: the turns of each source, and where its next sample is among those taken. */
  readonly #counts: Uint32Array;
  readonly #next: Uint32Array;
  #taken = new Float64Array(0);

  constructor(sources: readonly MixedSource[], options: MixedOrderOptions) {
    const { length, turns, epoch } = options;
    this.length = length;
    this.#sources = sources;
    this.#options = options;
    this.#period = turns.whose.length;
    this.#counts = new Uint32Array(sources.length);
    this.#next = new Uint32Array(sources.length);
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
    const period = this.#period;
    const counts = this.#counts;
    const seen: { source: number; first: number }[] = [];
    let cycle = Math.floor(start / period);
    let place = start - cycle * period;
    for (let i = 0; i < count; i++) {
      const source = whose[place]!;
      if (counts[source]!++ === 0) {
        seen.push({
          source,
          first: this.#before[source]! + cycle * this.#sources[source]!.share + rank[place]!,
        });
      }
      if (++place === period) {
        place = 0;
        cycle++;
      }
    }
    // Each source gives what it has turns for in one go; then they are dealt out.
    if (this.#taken.length < count) this.#taken = new Float64Array(count);
    let end = 0;
    for (const { source, first } of seen) {
      this.#take(source, first, this.#taken.subarray(end, end + counts[source]!));
      this.#next[source] = end;
      end += counts[source]!;
      counts[source] = 0;
    }
    place = start % period;
    for (let i = 0; i < count; i++) {
      out[i] = this.#taken[this.#next[whose[place]!]!++]!;
      if (++place === period) place = 0;
    }
  }

  /** Writes the samples that a source gives from its turn `first` on, as rows of the mixture. */
  #take(source: number, first: number, out: Float64Array): void {
    const { length, firstRow } = this.#sources[source]!;
    for (let done = 0; done < out.length; ) {
      const epoch = Math.floor((first + done) / length);
      const position = first + done - epoch * length;
      const part = Math.min(out.length - done, length - position);
      this.#orderOf(source, epoch).fill(out.subarray(done, done + part), position, part);
      done += part;
    }
    if (firstRow > 0) for (let i = 0; i < out.length; i++) out[i]! += firstRow;
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
