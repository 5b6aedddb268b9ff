import { createHash } from 'node:crypto';
import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import { checkOptions, type OptionRules, whole } from '../options.js';
import { takeTurns } from '../order/chairman.js';
import { MixedOrder, type MixedSource } from '../order/mixed-order.js';
import { wholeShares } from '../order/whole-shares.js';
import { partsOf, type Rows, Source, type SourceParts, sourceParts } from './source.js';

/** One of the sources of a mixture. */
export interface Ingredient<S extends Schema = Schema> {
  source: Source<S>;
  /** Its share is this of the sum of all. */
  weight: number;
}

export interface MixOptions {
  /** Samples of an epoch. By default as many as the sources have together, in whole periods where that goes. */
  length?: number | undefined;
}

const mixRules: OptionRules<MixOptions> = { length: whole(0) };

/** The longest pattern of turns: weights up to six decimals are kept exactly. */
const PERIOD_MAX = 2 ** 20;
/** Making the pattern takes time with its length and the number of sources: this is some tenths of a second. */
const PATTERN_STEPS_MAX = 2 ** 27;
const INGREDIENTS_MAX = 4096;

/**
 * Mixes sources by weight: each of them has its exact share of every beginning of an epoch but for less than
 * one sample, and of every stretch but for less than two.
 *
 * Each source keeps its own order and its own epochs: it goes on, in the mixture's next epoch, where it was,
 * and one that is through begins its next epoch. The sources must have one schema.
 *
 * @throws ZC_ARGUMENT
 * @example
 * const source = mix([{ source: books, weight: 0.7 }, { source: code, weight: 0.3 }]);
 * const loader = new DataLoader(source, { batchSize: 64, shuffle: true });
 */
export function mix<S extends Schema>(
  ingredients: readonly Ingredient<S>[],
  options: MixOptions = {},
): Mixture<S> {
  checkOptions(options, mixRules);
  return new Mixture(ingredients, options);
}

/** Several sources, or one many times over: what `mix` and `repeat` give. */
export class Mixture<S extends Schema = Schema> extends Source<S> {
  readonly schema: S;
  readonly length: number;
  readonly digest: string;
  /** The sources' shares as they are taken: the weights, or what is nearest to them with `period` turns. */
  readonly weights: readonly number[];
  /** After so many samples the pattern of turns begins anew. An epoch of a multiple of it has exact shares. */
  readonly period: number;
  readonly #parts: SourceParts;
  readonly #firstRows: readonly number[];

  /** @internal */
  constructor(ingredients: readonly Ingredient<S>[], options: MixOptions) {
    super();
    checkIngredients(ingredients, options);
    const sources = ingredients.map(({ source }) => source);
    const all = sources.map((source) => ({ ...partsOf(source), length: source.length }));
    const periodMax = Math.min(PERIOD_MAX, Math.floor(PATTERN_STEPS_MAX / sources.length));
    const { shares, total } = wholeShares(
      ingredients.map(({ weight }) => weight),
      periodMax,
    );
    const together = all.reduce((sum, { length }) => sum + length, 0);
    this.schema = sources[0]!.schema;
    this.period = total;
    this.weights = shares.map((share) => share / total);
    this.length = options.length ?? (together < total ? together : together - (together % total));
    this.digest = createHash('sha256')
      .update(`mix ${this.length} of ${sources.map(({ digest }, i) => `${shares[i]} ${digest}`).join(' ')}`)
      .digest('hex');
    const { rows, firstRows } = joined(all.map((parts) => parts.rows));
    const mixed: MixedSource[] = all.map(({ length, sequence }, i) => ({
      length,
      sequence,
      share: shares[i]!,
      firstRow: firstRows[i]!,
    }));
    this.#firstRows = firstRows;
    const { length } = this;
    const turns = takeTurns(shares);
    this.#parts = { rows, sequence: (order) => new MixedOrder(mixed, { ...order, length, turns }) };
  }

  /**
   * What a number of `batch.indices` stands for: which source it comes from, and its number in that one's dataset.
   * Of several parts of one dataset the first is named.
   *
   * @throws ZC_INDEX_RANGE
   */
  locate(id: number): { source: number; index: number } {
    const { length } = this.#parts.rows;
    if (!Number.isInteger(id) || id < 0 || id >= length) {
      throw new ZcError('ZC_INDEX_RANGE', `there is no sample ${id} among the ${length} of the mixture`, {
        expected: length,
        actual: id,
      });
    }
    const firstRow = Math.max(...this.#firstRows.filter((first) => first <= id));
    return { source: this.#firstRows.indexOf(firstRow), index: id - firstRow };
  }

  /** @internal */
  [sourceParts](): SourceParts {
    return this.#parts;
  }
}

/** Rows that several sources have in common are there once; of each source, where its rows begin. */
function joined(all: readonly Rows[]): { rows: Rows; firstRows: number[] } {
  const [first, ...others] = new Set(all);
  const firstRows = new Map<Rows, number>();
  let before = 0;
  for (const rows of [first!, ...others]) {
    firstRows.set(rows, before);
    before += rows.length;
  }
  return {
    rows: others.length === 0 ? first! : first!.join(others),
    firstRows: all.map((rows) => firstRows.get(rows)!),
  };
}

function checkIngredients(ingredients: readonly Ingredient[], { length }: MixOptions): void {
  const isList = Array.isArray(ingredients) && ingredients.every((each) => each?.source !== undefined);
  if (!isList || ingredients.length === 0 || ingredients.length > INGREDIENTS_MAX) {
    throw new ZcError(
      'ZC_ARGUMENT',
      `a mixture is a list of 1 to ${INGREDIENTS_MAX} sources with their weights`,
      {
        actual: ingredients?.length,
      },
    );
  }
  const empty = ingredients.findIndex(({ source }) => source?.length === 0);
  if (empty >= 0 && (ingredients.length > 1 || (length ?? 0) > 0)) {
    throw new ZcError('ZC_ARGUMENT', `source ${empty} of the mixture has no samples`);
  }
}
