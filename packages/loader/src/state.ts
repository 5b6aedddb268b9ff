import { ZcError } from '@zc/errors';

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
  readonly shuffle: boolean;
  readonly epoch: number;
  /** Samples of the job's list that all ranks together were given in this epoch. */
  readonly position: number;
}

/** What a state must agree with before it can be loaded. */
export type LoaderIdentity = Pick<LoaderState, 'dataset' | 'seed' | 'shuffle'>;

/**
 * Checks a state that was saved.
 *
 * @throws ZC_STATE_MISMATCH naming each thing that differs
 */
export function parseState(state: unknown, identity: LoaderIdentity): LoaderState {
  if (!isState(state)) {
    throw new ZcError('ZC_STATE_MISMATCH', 'this is not a state that `stateDict()` gave', {
      expected: 'an object with version 1, dataset, seed, shuffle, epoch and position',
      actual: state,
    });
  }
  const differing = (['dataset', 'seed', 'shuffle'] as const).filter((key) => state[key] !== identity[key]);
  if (differing.length === 0) return state;
  const told = differing.map((key) => `${key} is ${identity[key]}, the state has ${state[key]}`).join('; ');
  throw new ZcError('ZC_STATE_MISMATCH', told, {
    expected: pick(state, differing),
    actual: pick(identity, differing),
    differing,
    advice: 'Load it with the dataset, seed and shuffle it was saved with; batch size and ranks may differ.',
  });
}

function isState(state: unknown): state is LoaderState {
  if (typeof state !== 'object' || state === null) return false;
  const { version, dataset, seed, shuffle, epoch, position } = state as Record<keyof LoaderState, unknown>;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  return (
    version === 1 &&
    typeof dataset === 'string' &&
    typeof shuffle === 'boolean' &&
    isCount(seed) &&
    isCount(epoch) &&
    isCount(position)
  );
}

function pick(from: LoaderIdentity, keys: readonly (keyof LoaderIdentity)[]): Partial<LoaderIdentity> {
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}
