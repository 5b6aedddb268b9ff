/** Whose turn it is at each place of one period, and how often it was before. */
export interface Turns {
  /** The number of the one whose turn it is. */
  readonly whose: Uint16Array;
  /** How many turns of the same one came before in the period. */
  readonly rank: Uint32Array;
}

/**
 * Takes turns as evenly as whole numbers allow: within any number of places from the start, each of n has had
 * its exact share but for less than 1 - 1 / (2n - 2); so within any stretch, but for less than two.
 *
 * This is Tijdeman's solution of the chairman assignment problem (Discrete Mathematics 32, 1980): each turn
 * becomes possible, and must have come, at a time that follows from its number alone; of those that are
 * possible the most urgent one is taken. After `sum(shares)` places everything begins anew.
 */
export function takeTurns(shares: readonly number[]): Turns {
  const period = shares.reduce((sum, share) => sum + share, 0);
  const slack = shares.length > 1 ? 1 / (2 * shares.length - 2) : 0;
  const whose = new Uint16Array(period);
  const rank = new Uint32Array(period);
  const taken = new Uint32Array(shares.length);
  for (let place = 0; place < period; place++) {
    let chosen = -1;
    let mostUrgent = Number.POSITIVE_INFINITY;
    for (let i = 0; i < shares.length; i++) {
      const spacing = period / shares[i]!;
      const isPossible = (taken[i]! + slack) * spacing <= place + 1 + ROUNDING;
      const deadline = (taken[i]! + 1 - slack) * spacing;
      if (isPossible && deadline < mostUrgent) {
        chosen = i;
        mostUrgent = deadline;
      }
    }
    whose[place] = chosen;
    rank[place] = taken[chosen]!++;
  }
  return { whose, rank };
}

/** Times are quotients of numbers up to 2^20: those that differ at all differ by more. */
const ROUNDING = 1e-7;
