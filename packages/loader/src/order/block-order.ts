import { Permutation } from './permutation.js';
import type { Sequence } from './sequence.js';

export interface BlockOrderOptions {
  /** Neighbours that stay together until they are shuffled in a window. */
  blockRows: number;
  /** Positions that are shuffled among each other; rounded up to whole blocks. */
  window: number;
  seed: number;
  epoch: number;
}

/** Neighbouring samples of the dataset. */
export interface Run {
  readonly first: number;
  readonly length: number;
}

/** Which samples the windows of an order have. */
export interface BlockWindows {
  /** Positions of a window; the last one may have fewer. */
  readonly window: number;
  /** The samples of the window that a position lies in, as runs of neighbours. */
  runsAt(position: number): Run[];
}

/** What the permutations of an epoch are for. */
const USES = { start: 1, blocks: 2, window: 3 };
/** A window of more would not be worth the table: blocks are made longer instead. */
const BLOCKS_PER_WINDOW_MAX = 2 ** 20;

/**
 * An order that reads whole blocks: blocks of neighbours come in random order, and windows of several blocks
 * are shuffled once more.
 *
 * Where the first block begins is drawn for each epoch too (the dataset is taken as a ring), so that blocks
 * hold other samples in each of them, and the short block, which is always the last one, too. Nothing is held
 * but where the blocks of one window begin, so any position takes constant time and memory.
 */
export class BlockOrder implements Sequence, BlockWindows {
  readonly length: number;
  readonly window: number;
  readonly windows = this;
  readonly #options: BlockOrderOptions;
  readonly #blockRows: number;
  readonly #fullBlocks: number;
  readonly #blocks: Permutation;
  /** The sample that the first block begins with, before blocks are shuffled. */
  readonly #start: number;
  #current: Window | undefined;

  constructor(length: number, options: BlockOrderOptions) {
    const { window, seed, epoch } = options;
    const least = Math.ceil(Math.min(window, length) / BLOCKS_PER_WINDOW_MAX);
    const blockRows = Math.max(1, least, Math.min(options.blockRows, length));
    this.length = length;
    this.window = Math.ceil(Math.min(window, Math.max(1, length)) / blockRows) * blockRows;
    this.#options = options;
    this.#blockRows = blockRows;
    this.#fullBlocks = Math.floor(length / blockRows);
    this.#blocks = new Permutation(this.#fullBlocks, { seed, epoch, use: [USES.blocks] });
    const start = new Float64Array(1);
    if (length > 0) new Permutation(length, { seed, epoch, use: [USES.start] }).fill(start, 0, 1);
    this.#start = start[0]!;
  }

  fill(out: Float64Array, start: number, count: number): void {
    const blockRows = this.#blockRows;
    for (let done = 0; done < count; ) {
      const position = start + done;
      const { first, order, starts } = this.#windowAt(position);
      const end = done + Math.min(count - done, first + this.window - position);
      order.fill(done === 0 ? out : out.subarray(done), position - first, end - done);
      for (let i = done; i < end; i++) {
        const place = out[i]!;
        const block = Math.floor(place / blockRows);
        const id = starts[block]! + place - block * blockRows;
        out[i] = id < this.length ? id : id - this.length;
      }
      done = end;
    }
  }

  /** Each block is one run; one that goes over the end is two. */
  runsAt(position: number): Run[] {
    const { first, starts } = this.#windowAt(position);
    const runs: Run[] = [];
    starts.forEach((start, block) => {
      const length = Math.min(this.#blockRows, this.length - first - block * this.#blockRows);
      const untilEnd = Math.min(length, this.length - start);
      runs.push({ first: start, length: untilEnd });
      if (untilEnd < length) runs.push({ first: 0, length: length - untilEnd });
    });
    return runs;
  }

  #windowAt(position: number): Window {
    const number = Math.floor(position / this.window);
    if (this.#current?.number === number) return this.#current;
    const { seed, epoch } = this.#options;
    const blockRows = this.#blockRows;
    const first = number * this.window;
    const rows = Math.min(this.window, this.length - first);
    const order = new Permutation(rows, { seed, epoch, use: [USES.window, number] });
    const starts = new Float64Array(Math.ceil(rows / blockRows));
    const firstBlock = first / blockRows;
    const full = Math.min(starts.length, this.#fullBlocks - firstBlock);
    this.#blocks.fill(starts, firstBlock, full);
    if (full < starts.length) starts[full] = this.#fullBlocks;
    for (let i = 0; i < starts.length; i++) {
      const start = starts[i]! * blockRows + this.#start;
      starts[i] = start < this.length ? start : start - this.length;
    }
    this.#current = { number, first, order, starts };
    return this.#current;
  }
}

interface Window {
  readonly number: number;
  /** Its first position. */
  readonly first: number;
  readonly order: Permutation;
  /** The sample that each of its blocks begins with. */
  readonly starts: Float64Array;
}
