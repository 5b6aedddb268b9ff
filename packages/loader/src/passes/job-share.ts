import { ZcError } from '@zc/errors';
import { checkWhole } from '../options.js';

export interface JobShare {
  readonly rank: number;
  readonly worldSize: number;
}

/** Rank and world size of a loader: the same from the first time on that they are needed. */
export class SettledShare {
  readonly #options: { rank?: number | undefined; worldSize?: number | undefined };
  #settled: JobShare | undefined;

  /** @param options the user's; what they leave out is taken from RANK and WORLD_SIZE of the environment */
  constructor(options: { rank?: number | undefined; worldSize?: number | undefined }) {
    this.#options = options;
  }

  /** @throws ZC_ARGUMENT, ZC_RANK_CHANGED where the environment has changed since the first time */
  get(): JobShare {
    const rank = this.#options.rank ?? Number(process.env.RANK ?? 0);
    const worldSize = this.#options.worldSize ?? Number(process.env.WORLD_SIZE ?? 1);
    checkWhole('worldSize', worldSize, 1);
    checkWhole('rank', rank, 0);
    if (rank >= worldSize) {
      throw new ZcError('ZC_ARGUMENT', `rank ${rank} is not below the world size of ${worldSize}`);
    }
    this.#settled ??= { rank, worldSize };
    const settled = this.#settled;
    if (settled.rank === rank && settled.worldSize === worldSize) return settled;
    throw new ZcError(
      'ZC_RANK_CHANGED',
      `this loader is rank ${settled.rank} of ${settled.worldSize}, and the environment now says ${rank} of ${worldSize}`,
      { expected: settled, actual: { rank, worldSize } },
    );
  }
}
