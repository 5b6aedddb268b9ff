import type { DataLoaderOptions } from '../loader-options.js';
import type { BlockWindows, Run } from '../order/block-order.js';
import type { OrderOptions } from '../order/sequence.js';
import type { RunReader } from '../shards/run-reader.js';
import type { SourceParts } from '../sources/source.js';

/** Blocks that are asked for together: the disk has the next one to do when one is there. */
const TOGETHER = 3;

export interface BlockReadAheadOptions {
  windows: BlockWindows;
  /** How many positions there are. */
  length: number;
  /** Brings neighbouring rows into the page cache. */
  bring(run: Run): Promise<void>;
}

/**
 * Reads the blocks of a block shuffle in sequence, a window before their rows are wanted one by one.
 *
 * The rows of a batch lie anywhere in their window. So a batch waits until its window is in the page cache, in
 * whole blocks, and from then on the next window's are brought while this one is consumed.
 */
export class BlockReadAhead {
  readonly #options: BlockReadAheadOptions;
  /** The window that is brought or was brought last, and when it is there. */
  #newest = { number: -1, done: Promise.resolve() };
  /** Windows below are there. */
  #ready = -1;
  #stopped = false;
  #failure: unknown;

  constructor(options: BlockReadAheadOptions) {
    this.#options = options;
  }

  /**
   * Has the windows of the positions from `first` to `last` brought, and then the one behind them. A promise
   * where that makes wait.
   *
   * @throws what bringing them throws
   */
  reach(first: number, last: number): Promise<void> | undefined {
    const { windows, length } = this.#options;
    const number = Math.floor(Math.min(last, length - 1) / windows.window);
    // A job that was restored begins in the middle.
    if (this.#newest.number === -1) this.#newest.number = Math.floor(first / windows.window) - 1;
    while (this.#newest.number < number) this.#bringNext();
    const { done } = this.#newest;
    const isBehind = (this.#newest.number + 1) * windows.window < length;
    if (this.#ready >= number) {
      if (this.#newest.number === number && isBehind) this.#bringNext();
      return undefined;
    }
    return done.then(() => {
      if (this.#failure !== undefined) throw this.#failure;
    });
  }

  /** Brings nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  #bringNext(): void {
    const number = this.#newest.number + 1;
    const done = this.#newest.done.then(async () => {
      try {
        await this.#bring(number);
        this.#ready = number;
      } catch (error) {
        this.#failure = error;
      }
    });
    this.#newest = { number, done };
  }

  async #bring(number: number): Promise<void> {
    const { windows, bring } = this.#options;
    const runs = windows.runsAt(number * windows.window);
    let next = 0;
    const bringSome = async (): Promise<void> => {
      while (next < runs.length && !this.#stopped) await bring(runs[next++]!);
    };
    await Promise.all(Array.from({ length: TOGETHER }, bringSome));
  }
}

/**
 * What brings the blocks of a source: nothing unless it is shuffled by blocks and read through the page cache, and
 * the budget has room for the window in use and the next one.
 */
export function runReaderFor(
  { rows, sequence }: SourceParts,
  { shuffle, seed }: Omit<OrderOptions, 'epoch'>,
  { fields, mode }: Pick<DataLoaderOptions, 'fields' | 'mode'>,
): RunReader | undefined {
  if (typeof shuffle !== 'object' || mode === 'direct') return undefined;
  const { windows } = sequence({ shuffle, seed, epoch: 0 });
  const fits = windows !== undefined && 2 * windows.window * rows.bytesPerRow <= rows.pageCacheBudget;
  return fits ? rows.runReader(fields) : undefined;
}
