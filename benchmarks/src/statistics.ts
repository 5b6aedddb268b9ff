/** Median and range of one figure over the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A paired ratio with its 95 % interval. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (position - below);
}

export function spread(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * The ratio of two contenders measured in the same rounds. The interval is Student's over the logarithms of
 * the rounds' ratios, since a ratio and its inverse must have intervals that mirror each other.
 */
export function pairedRatio(numerators: readonly number[], denominators: readonly number[]): Ratio {
  const ratios = numerators.map((value, round) => value / denominators[round]!);
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length;
  const median = quantile(ratios, 0.5);
  if (logs.length < 2) return { median, low: 0, high: Number.POSITIVE_INFINITY };
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (logs.length - 1);
  const half = tQuantile975(logs.length - 1) * Math.sqrt(variance / logs.length);
  return { median, low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/** Half the interval's width, relative: 0.05 is "within 5 %". */
export function relativeHalfWidth(ratio: Ratio): number {
  return Math.sqrt(ratio.high / ratio.low) - 1;
}

/** 97.5 % quantiles of Student's t for 1 to 24 degrees of freedom (any statistics table). */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064,
];

function tQuantile975(degreesOfFreedom: number): number {
  return T_975[degreesOfFreedom - 1] ?? 1.96;
}
