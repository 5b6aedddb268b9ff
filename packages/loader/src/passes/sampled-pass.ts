import { ZcError } from '@zc/errors';
import { type IndexedParts, partsOf, type Source } from '../sources/source.js';
import type { Pass, PassPlace } from './pass.js';
import type { Sampling } from './sampler.js';

export interface SampledPassOptions extends Sampling {
  source: Source;
  epoch: number;
  /** Where to begin: behind so many samples, by the sampler's own state where it has one. */
  from: PassPlace;
}

interface DrawnBatch {
  readonly ids: Float64Array;
  /** Where to go on behind it. */
  readonly place: PassPlace;
}

/**
 * Batches whose ids a sampler of the user's own gives.
 *
 * It is always asked for one batch more than is wanted, so that the last one is known to be it.
 */
export class SampledPass implements Pass {
  readonly batches = Number.POSITIVE_INFINITY;
  readonly #options: SampledPassOptions;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #number: (ids: Float64Array) => void;
  readonly #idEnd: number;
  /** Samples to be passed over, where the sampler has no state to go on by. */
  #skipped: number;
  /** Batches that may still be handed out, or were last. */
  readonly #drawn: DrawnBatch[] = [];
  /** The number of the first of them, and where to go on before it. */
  #first = 0;
  #before: PassPlace;
  #position: number;
  #over = false;
  #closed = false;

  constructor(options: SampledPassOptions) {
    const { sampler, source, epoch, from } = options;
    const parts = partsOf(source) as Partial<IndexedParts> & ReturnType<typeof partsOf>;
    const { number } = parts;
    this.#options = options;
    this.#idEnd = number === undefined ? parts.rows.length : source.length;
    this.#number = (ids) => number?.(ids, ids.length);
    this.#before = from;
    this.#position = from.position;
    sampler.setEpoch?.(epoch);
    const hasState =
      from.sampler !== undefined && from.sampler !== null && sampler.loadStateDict !== undefined;
    if (hasState) sampler.loadStateDict?.(from.sampler);
    this.#skipped = hasState ? 0 : from.position;
    this.#iterator =
      Symbol.asyncIterator in sampler ? sampler[Symbol.asyncIterator]() : sampler[Symbol.iterator]();
  }

  idsOf(batch: number): Float64Array | undefined | Promise<Float64Array | undefined> {
    const drawing = this.#drawTo(batch + 1);
    const ids = () => this.#drawn[batch - this.#first]?.ids;
    return drawing === undefined ? ids() : drawing.then(ids);
  }

  positionOf(batch: number): number {
    return (batch === this.#first ? this.#before : this.#drawn[batch - this.#first - 1]!.place).position;
  }

  placeAfter(batches: number): PassPlace | undefined {
    if (this.#over && batches > 0 && batches === this.#first + this.#drawn.length) return undefined;
    return batches === this.#first ? this.#before : this.#drawn[batches - this.#first - 1]!.place;
  }

  forgetBefore(batch: number): void {
    while (this.#first < batch) {
      this.#before = this.#drawn.shift()!.place;
      this.#first++;
    }
  }

  close(): void {
    if (this.#closed || this.#over) return;
    this.#closed = true;
    // A generator's `finally` runs; one that is still at work does so when it gets there. The pass is over, whatever
    // comes of it.
    void (async () => this.#iterator.return?.())().catch(() => {});
  }

  /** Draws up to a batch of this number; a promise where the sampler makes wait. */
  #drawTo(batch: number): Promise<void> | undefined {
    const { batchSize, dropLast } = this.#options;
    let gathered: number[] = [];
    const take = (given: IteratorResult<unknown>): void => {
      if (given.done) {
        this.#over = true;
        if (gathered.length > 0 && !dropLast) this.#add(gathered);
        return;
      }
      if (batchSize === undefined) {
        this.#add(asList(given.value));
        return;
      }
      if (this.#skipped > 0) {
        this.#skipped--;
        return;
      }
      gathered.push(given.value as number);
      if (gathered.length === batchSize) {
        this.#add(gathered);
        gathered = [];
      }
    };
    const isEnough = () => this.#over || this.#first + this.#drawn.length > batch;
    const goOn = async (pending: PromiseLike<IteratorResult<unknown>>): Promise<void> => {
      take(await pending);
      while (!isEnough()) take(await this.#iterator.next());
    };
    while (!isEnough()) {
      const given = this.#iterator.next();
      if ('then' in given) return goOn(given);
      take(given);
    }
    return undefined;
  }

  #add(list: ArrayLike<number>): void {
    if (this.#skipped > 0) {
      this.#skipped -= Math.min(this.#skipped, list.length);
      return;
    }
    const ids = Float64Array.from(list);
    const wrong = ids.findIndex((id) => !(Number.isInteger(id) && id >= 0 && id < this.#idEnd));
    if (wrong >= 0) {
      throw new ZcError(
        'ZC_INDEX_RANGE',
        `the sampler gave ${String(list[wrong])} among ${this.#idEnd} samples`,
        {
          expected: this.#idEnd,
          actual: list[wrong],
        },
      );
    }
    this.#number(ids);
    this.#position += ids.length;
    const state = this.#options.sampler.stateDict?.();
    const sampler = state === undefined ? null : structuredClone(state);
    this.#drawn.push({ ids, place: { position: this.#position, sampler } });
  }
}

function asList(value: unknown): ArrayLike<number> {
  const length = (value as ArrayLike<number> | null)?.length;
  if (typeof value === 'object' && Number.isSafeInteger(length) && length! > 0) return value as number[];
  throw new ZcError('ZC_ARGUMENT', `the batchSampler gave ${String(value)}`, {
    advice: 'Each batch is a list of at least one id.',
  });
}
