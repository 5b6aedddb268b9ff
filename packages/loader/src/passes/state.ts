import { ZcError } from '@zc/errors';
import { isBlockShuffle, type ShuffleKind } from '../order/shuffle.js';

/**
 * Where a job stands, as plain JSON of less than a kilobyte.
 *
 * It belongs to the whole job, not to a rank: every rank saves the same, and a job with other ranks or another
 * batch size can go on from it.
 */
export interface LoaderState {
  readonly version: 1;
  /** The dataset's `digest`. */
  readonly dataset: string;
  readonly seed: number;
  /** `'full'` is true here. */
  readonly shuffle: ShuffleKind;
  readonly epoch: number;
  /**
   * Samples of the job's list that all ranks together were given in this epoch; with a sampler of the user's own,
   * those that this rank was given.
   */
  readonly position: number;
  /** With such a sampler only: its own state, or null where it has none. */
  readonly sampler?: unknown;
}

/** What a state must agree with before it can be loaded. */
export type LoaderIdentity = Pick<LoaderState, 'version' | 'dataset' | 'seed' | 'shuffle'>;

export interface StateOwner {
  readonly identity: LoaderIdentity;
  /** Whether a sampler of the user's own gives the order. */
  readonly isSampled: boolean;
}

/**
 * Checks a state that was saved.
 *
 * @throws ZC_STATE_MISMATCH naming each thing that differs
 */
export function parseState(state: unknown, { identity, isSampled }: StateOwner): LoaderState {
  if (!isState(state)) {
    throw new ZcError('ZC_STATE_MISMATCH', 'this is not a state that `stateDict()` gave', {
      expected: 'an object with version, dataset, seed, shuffle, epoch and position',
      actual: state,
    });
  }
  const keys = ['version', 'dataset', 'seed', 'shuffle'] as const;
  const differing = keys.filter((key) => canonical(state[key]) !== canonical(identity[key]));
  const hasSampler = state.sampler !== undefined;
  if (differing.length === 0 && hasSampler !== isSampled) {
    const told = hasSampler
      ? 'the state is that of a loader with a sampler'
      : 'the state knows of no sampler';
    throw new ZcError('ZC_STATE_MISMATCH', told, {
      expected: hasSampler,
      actual: isSampled,
      differing: ['sampler'],
    });
  }
  if (differing.length === 0) return state;
  const told = differing
    .map((key) => `${key} is ${canonical(identity[key])}, the state has ${canonical(state[key])}`)
    .join('; ');
  throw new ZcError('ZC_STATE_MISMATCH', told, {
    expected: pick(state, differing),
    actual: pick(identity, differing),
    differing,
    advice: differing.includes('version')
      ? 'Load it with the release that it was saved with.'
      : 'Load it with the dataset, seed and shuffle it was saved with; batch size and ranks may differ.',
  });
}

function isState(state: unknown): state is LoaderState {
  if (typeof state !== 'object' || state === null) return false;
  const { version, dataset, seed, shuffle, epoch, position } = state as Record<keyof LoaderState, unknown>;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  return (
    isCount(version) &&
    typeof dataset === 'string' &&
    (typeof shuffle === 'boolean' || isBlockShuffle(shuffle)) &&
    isCount(seed) &&
    isCount(epoch) &&
    isCount(position)
  );
}

/** A shuffle may be an object, whose keys have come back from a file in any order. */
function canonical(value: LoaderIdentity[keyof LoaderIdentity]): string {
  return typeof value === 'object' ? `blocks of ${value.blocks} in windows of ${value.window}` : `${value}`;
}

function pick(from: LoaderIdentity, keys: readonly (keyof LoaderIdentity)[]): Partial<LoaderIdentity> {
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}
