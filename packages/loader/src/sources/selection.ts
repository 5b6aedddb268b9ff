import { createHash } from 'node:crypto';
import { ZcError } from '@zc/errors';
import type { Sample, Schema } from '@zc/format';
import { abortSignal, checkOptions, checkWhole, names, type OptionRules, whole } from '../options.js';
import type { BlockWindows, Run } from '../order/block-order.js';
import { createSequence } from '../order/sequence.js';
import { SplitOrder } from '../order/split-order.js';
import { matchingNumbers } from './filter.js';
import { Mixture } from './mixture.js';
import { type IndexedParts, type Rows, Source, sourceParts } from './source.js';
import { Weighted, type WeightedOptions, weightedRules } from './weighted.js';

/** A source whose samples have numbers from 0 to `length - 1`, so that some of them can be chosen. */
export abstract class IndexedSource<S extends Schema = Schema> extends Source<S> {
  /** @internal */
  abstract override [sourceParts](): IndexedParts;

  /**
   * The samples of these numbers, in their order. Takes 8 bytes a sample.
   *
   * @throws ZC_INDEX_RANGE
   */
  subset(ids: ArrayLike<number> | Iterable<number>): Selection<S> {
    if (typeof ids !== 'object' || ids === null) {
      throw new ZcError('ZC_ARGUMENT', `a subset is a list of sample numbers, not ${String(ids)}`);
    }
    const list = Float64Array.from(ids as ArrayLike<number>);
    const wrong = list.find((id) => !(Number.isInteger(id) && id >= 0 && id < this.length));
    if (wrong !== undefined) {
      throw new ZcError('ZC_INDEX_RANGE', `there is no sample ${wrong} among ${this.length}`, {
        expected: this.length,
        actual: wrong,
      });
    }
    return new Selection(this, {
      length: list.length,
      name: `subset ${sha256(new Uint8Array(list.buffer))}`,
      number(values, count) {
        for (let i = 0; i < count; i++) values[i] = list[values[i]!]!;
      },
    });
  }

  /** The first samples, `count` of them or all there are. */
  take(count: number): Selection<S> {
    const length = Math.min(checkWhole('count', count, 0), this.length);
    return new Selection(this, { length, name: `take ${length}`, number() {} });
  }

  /**
   * Random parts of given proportions that share no sample and leave none out.
   *
   * It takes no memory, and depends on the seed and the number of samples alone. Proportions that are whole
   * numbers of a total up to 1024 (0.9 and 0.1: of 10) are dealt out within every run of so many neighbours.
   *
   * @param proportions a number above 0 for each part: 0.9 and 0.1, or 9 and 1, are the same
   * @throws ZC_ARGUMENT
   * @example
   * const { train, test } = dataset.split({ train: 0.9, test: 0.1 }, { seed: 7 });
   */
  split<Name extends string>(
    proportions: Readonly<Record<Name, number>>,
    options: SplitOptions = {},
  ): Record<Name, Selection<S>> {
    checkOptions(options, { seed: whole(0) });
    const { seed = 0 } = options;
    if (typeof proportions !== 'object' || proportions === null) {
      throw new ZcError('ZC_ARGUMENT', `a split has a proportion for each name, not ${String(proportions)}`);
    }
    const names = Object.keys(proportions) as Name[];
    const order = new SplitOrder(this.length, { weights: names.map((name) => proportions[name]), seed });
    const parts = names.map((name, part) => {
      const selection = new Selection(this, {
        length: order.sizes[part]!,
        name: `split ${order.sizes.join()} seed ${seed} part ${part}`,
        number: (values, count) => order.number(part, values, count),
      });
      return [name, selection];
    });
    return Object.fromEntries(parts);
  }

  /**
   * The samples for which the predicate gives true. Reads the named fields of all samples, batch by batch, and
   * nothing of others; what the predicate is given is gone when it returns.
   *
   * @throws what reading throws; what the predicate throws
   * @example
   * const ones = await dataset.filter(({ label }) => label === 1, { fields: ['label'] });
   */
  async filter(predicate: (sample: Sample<S>) => boolean, options: FilterOptions): Promise<Selection<S>> {
    checkOptions(options, filterRules);
    return this.subset(await matchingNumbers(this, predicate as (sample: unknown) => boolean, options));
  }

  /** Everything so many times in an epoch, each time in another order. */
  repeat(times: number): Mixture<S> {
    const length = checkWhole('times', times, 1) * this.length;
    return new Mixture<S>([{ source: this, weight: 1 }], { length });
  }

  /**
   * Samples drawn by their weights, `length` of them in each epoch, whatever the loader's `shuffle`.
   *
   * With replacement (the default) a sample comes as often as it is drawn; it takes 12 bytes a sample. Without,
   * each comes at most once in an epoch, the likelier the earlier; an epoch then begins with sorting them all.
   *
   * @param weights one for each sample, from 0 on
   * @throws ZC_ARGUMENT
   */
  weighted(weights: ArrayLike<number>, options: WeightedOptions = {}): Weighted<S> {
    checkOptions(options, weightedRules);
    return new Weighted(this, weights, options);
  }
}

export interface SplitOptions {
  /** 0. */
  seed?: number | undefined;
}

export interface FilterOptions {
  /** What the predicate needs. */
  fields: readonly string[];
  signal?: AbortSignal | undefined;
}

const filterRules: OptionRules<FilterOptions> = { fields: names, signal: abortSignal };

/** Some of the samples of a source: what `subset`, `take`, `split` and `filter` give. */
export class Selection<S extends Schema = Schema> extends IndexedSource<S> {
  readonly schema: S;
  readonly length: number;
  readonly digest: string;
  readonly #parts: IndexedParts;

  /** @internal */
  constructor(source: IndexedSource<S>, chosen: ChosenNumbers) {
    super();
    const { rows, number } = source[sourceParts]();
    this.schema = source.schema;
    this.length = chosen.length;
    this.digest = sha256(`${source.digest} ${chosen.name}`);
    this.#parts = indexedParts(rows, chosen.length, (ids, count) => {
      chosen.number(ids, count);
      number(ids, count);
    });
  }

  /** @internal */
  [sourceParts](): IndexedParts {
    return this.#parts;
  }
}

/** Which of a source's samples are chosen. */
export interface ChosenNumbers {
  readonly length: number;
  /** Tells choices from each other: goes into the digest. */
  readonly name: string;
  /** Makes numbers of the choice into those of the source: the first `count`, in place. */
  number(ids: Float64Array, count: number): void;
}

/** What a loader needs of a source of `length` numbered samples. */
export function indexedParts(rows: Rows, length: number, number: IndexedParts['number']): IndexedParts {
  return {
    rows,
    number,
    sequence(options) {
      const order = createSequence({ length, bytesPerRow: rows.bytesPerRow, ...options });
      return {
        length,
        fill(out, start, count) {
          order.fill(out, start, count);
          number(out, count);
        },
        windows: order.windows && windowsOfRows(order.windows, number),
      };
    },
  };
}

/** Rows that nobody asked for are brought along, up to as many as were asked for. */
const BROUGHT_PER_ROW = 2;

/** Where blocks of a source's own numbers lie among the rows; nowhere in particular if they are too sparse there. */
function windowsOfRows(own: BlockWindows, number: IndexedParts['number']): BlockWindows | undefined {
  const runsAt = (position: number) => own.runsAt(position).map((run) => rowsOf(run, number));
  const rowsOfAll = (runs: readonly Run[]) => runs.reduce((sum, { length }) => sum + length, 0);
  if (rowsOfAll(runsAt(0)) > BROUGHT_PER_ROW * rowsOfAll(own.runsAt(0))) return undefined;
  return { window: own.window, runsAt };
}

function rowsOf({ first, length }: Run, number: IndexedParts['number']): Run {
  const ids = Float64Array.from({ length }, (_, i) => first + i);
  number(ids, length);
  const lowest = ids.reduce((a, b) => Math.min(a, b));
  return { first: lowest, length: ids.reduce((a, b) => Math.max(a, b)) - lowest + 1 };
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
