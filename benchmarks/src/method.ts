import type { Round } from './contender-process.js';
import { measureOf } from './measure.js';
import type { ScenarioQuestion } from './scenario.js';
import { pairedRatio, relativeHalfWidth } from './statistics.js';

export interface Method {
  /** Passes over all contenders that are not counted. */
  readonly warmUps: number;
  readonly minSeconds: number;
  readonly roundsMin: number;
  readonly roundsMax: number;
  /** Rounds go on until the paired ratio of every reach is known to this half width. */
  readonly halfWidth: number;
  readonly pauseMs: number;
  /** A scenario makes no further pass that would take it beyond this, once it has `roundsMin` of them. */
  readonly budgetSeconds?: number;
  /** Contenders in environments of their own run as well. */
  readonly environments?: boolean;
}

/** For figures that are to be published. */
export const FULL: Method = {
  warmUps: 1,
  minSeconds: 3,
  roundsMin: 5,
  roundsMax: 25,
  halfWidth: 0.05,
  pauseMs: 200,
  environments: true,
};

/** For whoever wants to know in a few minutes: shorter rounds, fewer of them, and intervals as wide as that makes them. */
export const QUICK: Method = { ...FULL, minSeconds: 1, roundsMin: 3, budgetSeconds: 30 };

/** Whether it runs, not how fast. */
export const SMOKE: Method = {
  warmUps: 0,
  minSeconds: 0,
  roundsMin: 1,
  roundsMax: 1,
  halfWidth: 1,
  pauseMs: 0,
  environments: false,
};

/**
 * Whether rounds can end: the question is answered to the asked width, or there is no more time for it.
 *
 * @param passes - how many were counted so far; those before the first are negative
 * @param spentSeconds - on this scenario so far, of which `lastPassSeconds` on its latest pass
 */
export function isEnough(
  passes: number,
  { reaches }: ScenarioQuestion,
  rounds: ReadonlyMap<string, readonly Round[]>,
  method: Method,
  { spentSeconds, lastPassSeconds }: { spentSeconds: number; lastPassSeconds: number },
): boolean {
  if (rounds.size === 0 || passes >= method.roundsMax) return true;
  if (passes < method.roundsMin) return false;
  if (spentSeconds + lastPassSeconds > (method.budgetSeconds ?? Number.POSITIVE_INFINITY)) return true;
  return reaches.every(({ subject, than, measure }) => {
    const [a, b] = [rounds.get(subject), typeof than === 'number' ? [] : rounds.get(than)];
    if (!a || !b) return true;
    // CPU time is too coarse to wait for.
    const value = (round: Round) => measureOf(round, measure.startsWith('cpu') ? 'mb_s' : measure);
    const theirs = typeof than === 'number' ? a.map(() => than) : b.map(value);
    return relativeHalfWidth(pairedRatio(a.map(value), theirs)) <= method.halfWidth;
  });
}
