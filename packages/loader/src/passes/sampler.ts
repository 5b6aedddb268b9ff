import { ZcError } from '@zc/errors';
import { checkWhole, type OptionRule } from '../options.js';

/** What gives ids in turn: anything that `for … of` or `for await … of` goes over. */
export type IdSource<T> = Iterable<T> | AsyncIterable<T>;

/** What a sampler of the user's own may have besides its ids. */
export interface SamplerExtras {
  /** How many ids (or lists of ids) an epoch has. */
  readonly length?: number;
  /** Told the number of the epoch before its ids are asked for. */
  setEpoch?(epoch: number): void;
  /** Where it is, as plain JSON; it is asked each time it has given the ids of a batch. */
  stateDict?(): unknown;
  /** Makes its next ids those behind a state. */
  loadStateDict?(state: unknown): void;
}

/**
 * Gives the ids of this rank's samples, one by one, for an epoch each time it is gone over.
 *
 * It is asked ahead of time, for as many batches as are read ahead. Ids are numbers of the loader's source.
 */
export type Sampler = IdSource<number> & SamplerExtras;

/** The same for whole batches of this rank: each a list of ids. */
export type BatchSampler = IdSource<ArrayLike<number>> &
  SamplerExtras & {
    /** How many ids a batch has, as far as that is known: memory is laid out for it. */
    readonly batchSize?: number;
  };

export const idSource: OptionRule = {
  words: 'an iterable or async iterable',
  allows: (value) =>
    typeof value === 'object' &&
    value !== null &&
    [Symbol.iterator, Symbol.asyncIterator].some((key) => typeof Reflect.get(value, key) === 'function'),
};

export interface SampledOptions {
  sampler?: Sampler | undefined;
  batchSampler?: BatchSampler | undefined;
  batchSize?: number | undefined;
  shuffle?: unknown;
  dropLast?: boolean | undefined;
}

/** A user's sampler, and how its ids come into batches. */
export interface Sampling {
  readonly sampler: Sampler | BatchSampler;
  /** Samples of a batch; nothing where the sampler gives whole batches. */
  readonly batchSize: number | undefined;
  readonly dropLast: boolean;
}

/**
 * The sampler among a loader's options, if there is one.
 *
 * @throws ZC_ARGUMENT where other options say something else about the order
 */
export function samplingOf(options: SampledOptions): Sampling | undefined {
  const { sampler, batchSampler, batchSize, shuffle, dropLast = false } = options;
  if (sampler === undefined && batchSampler === undefined) return undefined;
  const name = sampler === undefined ? 'batchSampler' : 'sampler';
  const others = {
    shuffle: shuffle !== undefined && shuffle !== false,
    batchSampler: name === 'sampler' && batchSampler !== undefined,
    batchSize: name === 'batchSampler' && batchSize !== undefined,
    dropLast: name === 'batchSampler' && dropLast,
  };
  const against = Object.entries(others).find(([, isGiven]) => isGiven);
  if (against !== undefined) {
    throw new ZcError('ZC_ARGUMENT', `${name} and ${against[0]} cannot both be given`, {
      advice: `Leave out ${against[0]}: the ${name} says what it would say.`,
    });
  }
  if (sampler !== undefined) return { sampler, batchSize: batchSize ?? 1, dropLast };
  if (batchSampler!.batchSize !== undefined) {
    checkWhole("the batchSampler's batchSize", batchSampler!.batchSize, 1);
  }
  return { sampler: batchSampler!, batchSize: undefined, dropLast };
}

/**
 * Batches of an epoch, as far as the sampler tells.
 *
 * @throws ZC_ARGUMENT where it does not
 */
export function batchesOf({ sampler, batchSize, dropLast }: Sampling): number {
  const { length } = sampler;
  if (!Number.isSafeInteger(length)) {
    throw new ZcError(
      'ZC_ARGUMENT',
      'the sampler has no length, so nobody knows how many batches there are',
      {
        advice: 'Give the sampler a `length`, or count the batches as they come.',
      },
    );
  }
  if (batchSize === undefined) return length!;
  return dropLast ? Math.floor(length! / batchSize) : Math.ceil(length! / batchSize);
}
