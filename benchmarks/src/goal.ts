import type { Report, ReportRatio, Result } from './report.js';

/** The founding goal: this many times what one `read()` a sample into fresh memory gives. */
export const GOAL = { from: 3, to: 10 } as const;

/** One scenario in which somebody reads with a `read()` a sample. */
export interface GoalRow {
  readonly scenario: string;
  /** Throughput of `zc` over that of `read-fresh`. */
  readonly ratio: ReportRatio;
  /** What a yardstick reached here: the hardware's limit or the consumer alone, whichever is less. */
  readonly bound: { readonly name: string; readonly ratio: ReportRatio } | null;
  /**
   * `met within the noise`: the interval includes the goal, and less. `forbidden`: the yardstick itself is below the
   * goal, and `zc` below the yardstick. `unknown`: one round has no interval.
   */
  readonly outcome: 'met' | 'met within the noise' | 'not met' | 'forbidden' | 'unknown';
}

/** The goal, row by row, in the order of the report. */
export function goalRows({ results }: Report): GoalRow[] {
  return results.flatMap((result) => {
    const ratio = result.ratio['read-fresh'];
    // Where contenders note figures of their own, throughput is not the question.
    const isAsked = Object.keys(result.figures).length === 0;
    if (result.contender !== 'zc' || ratio === undefined || !isAsked) return [];
    const bound = boundOf(results.filter(({ scenario }) => scenario === result.scenario));
    return [{ scenario: result.scenario, ratio, bound, outcome: outcomeOf(ratio, bound) }];
  });
}

function boundOf(results: readonly Result[]): GoalRow['bound'] {
  const bounds = results.flatMap(({ contender, yardstick, ratio }) =>
    yardstick !== null && ratio['read-fresh'] ? [{ name: contender, ratio: ratio['read-fresh'] }] : [],
  );
  return bounds.sort((a, b) => a.ratio.median - b.ratio.median)[0] ?? null;
}

function outcomeOf({ median, low, high }: ReportRatio, bound: GoalRow['bound']): GoalRow['outcome'] {
  if (high === null) return 'unknown';
  if (high >= GOAL.from) return low >= GOAL.from ? 'met' : 'met within the noise';
  const isForbidden = bound !== null && bound.ratio.median < GOAL.from && median <= bound.ratio.median;
  return isForbidden ? 'forbidden' : 'not met';
}
