import { ZcError } from '@zc/errors';

/** Shares as whole numbers of a whole. */
export interface WholeShares {
  readonly shares: readonly number[];
  /** Their sum. */
  readonly total: number;
  /** Whether they are the weights' own proportions; else the nearest that `totalMax` allows. */
  readonly exact: boolean;
}

/** What rounding may have done to a share that is whole. */
const EXACT_WITHIN = 1e-9;

/**
 * The proportions of positive weights in the smallest whole numbers; where none up to `totalMax` has them, the
 * nearest ones of that sum, none of them 0.
 */
export function wholeShares(weights: readonly number[], totalMax: number): WholeShares {
  for (const weight of weights) {
    if (weight > 0 && weight < Number.POSITIVE_INFINITY) continue;
    throw new ZcError('ZC_ARGUMENT', `a weight must be a number above 0, not ${String(weight)}`, {
      actual: weight,
    });
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === Number.POSITIVE_INFINITY) {
    throw new ZcError('ZC_ARGUMENT', 'the weights sum to Infinity', { actual: weights });
  }
  const proportions = weights.map((weight) => weight / sum);
  for (let total = 1; total <= totalMax; total++) {
    const isWhole = (share: number) => Math.abs(share * total - Math.round(share * total)) < EXACT_WITHIN;
    if (!proportions.every(isWhole)) continue;
    const shares = proportions.map((share) => Math.round(share * total));
    if (shares.every((share) => share > 0)) return { shares, total, exact: true };
  }
  return { shares: apportion(proportions, totalMax, 1), total: totalMax, exact: false };
}

/** Whole numbers of a given sum that are nearest to the proportions: by largest remainders, each at least `least`. */
export function apportion(proportions: readonly number[], total: number, least: number): number[] {
  const shares = proportions.map((share) => Math.max(least, Math.floor(share * total)));
  const byRemainder = proportions.map((share, i) => ({ i, left: share * total - shares[i]! }));
  byRemainder.sort((a, b) => b.left - a.left || a.i - b.i);
  let left = total - shares.reduce((sum, share) => sum + share, 0);
  for (let turn = 0; left > 0; turn++, left--) shares[byRemainder[turn % shares.length]!.i]!++;
  for (let turn = 0; left < 0; turn++) {
    const { i } = byRemainder.at(-1 - (turn % shares.length))!;
    if (shares[i]! > least) {
      shares[i]!--;
      left++;
    }
  }
  return shares;
}
