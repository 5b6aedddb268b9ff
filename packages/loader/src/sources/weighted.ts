import { createHash } from 'node:crypto';
import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import { flag, type OptionRules, whole } from '../options.js';
import { AliasTable, checkWeights, WeightedDraw } from '../order/weighted-order.js';
import type { IndexedSource } from './selection.js';
import { Source, type SourceParts, sourceParts } from './source.js';

export interface WeightedOptions {
  /** Whether a sample can come more than once in an epoch; true. */
  replacement?: boolean | undefined;
  /** Samples of an epoch; as many as there are, or, without replacement, as have a weight above 0. */
  length?: number | undefined;
}

export const weightedRules: OptionRules<WeightedOptions> = { replacement: flag, length: whole(0) };

/** Samples drawn by their weights: what `weighted` gives. */
export class Weighted<S extends Schema = Schema> extends Source<S> {
  readonly schema: S;
  readonly length: number;
  readonly digest: string;
  readonly #parts: SourceParts;

  /** @internal */
  constructor(source: IndexedSource<S>, weights: ArrayLike<number>, options: WeightedOptions) {
    super();
    const { replacement = true } = options;
    const checked = checkWeights(weights, source.length);
    const likely = checked.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0);
    const { length = replacement ? source.length : likely } = options;
    if (!replacement && length > likely) {
      throw new ZcError('ZC_ARGUMENT', `only ${likely} samples have a weight above 0`, {
        expected: likely,
        actual: length,
        advice: 'Ask for fewer samples, or draw them with replacement.',
      });
    }
    this.schema = source.schema;
    this.length = length;
    this.digest = createHash('sha256')
      .update(`${source.digest} weighted ${replacement} ${length} `)
      .update(new Uint8Array(checked.buffer))
      .digest('hex');
    const { rows, number } = source[sourceParts]();
    const order = replacement ? new AliasTable(checked) : new WeightedDraw(checked);
    this.#parts = {
      rows,
      sequence({ seed, epoch }) {
        const drawn = order.sequence(length, { seed, epoch });
        return {
          length,
          fill(out, start, count) {
            drawn.fill(out, start, count);
            number(out, count);
          },
        };
      },
    };
  }

  /** @internal */
  [sourceParts](): SourceParts {
    return this.#parts;
  }
}
