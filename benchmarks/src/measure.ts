import type { Round } from './contender-process.js';

/**
 * What contenders note by themselves beyond bytes and time: a name that ends in its unit. More is better of what
 * is counted per second, less of everything else.
 */
export type Figure = `${string}_${'us' | 'ms' | 'mb' | 'per_s'}`;

/** What a report gives of a contender and a goal can be set for; see `report.ts`. */
export type Measure = 'mb_s' | 'samples_s' | 'cpu_s_per_gb' | 'cpu_s_per_gb_net' | Figure;

/** CPU time comes from the kernel in ticks of a hundredth of a second. */
const CPU_RESOLUTION_S = 0.01;

/** @param consumerCpuPerGb - seconds that `cpu_s_per_gb_net` leaves out */
export function measureOf(round: Round, measure: Measure, consumerCpuPerGb = 0): number {
  switch (measure) {
    case 'mb_s':
      return mbPerSecond(round);
    case 'samples_s':
      return round.samples / round.seconds;
    case 'cpu_s_per_gb':
    case 'cpu_s_per_gb_net': {
      const leftOut = measure === 'cpu_s_per_gb_net' ? consumerCpuPerGb : 0;
      // Never divide by less than can be measured.
      return Math.max(cpuPerGb(round) - leftOut, CPU_RESOLUTION_S / (round.bytes / 1e9));
    }
    default:
      return round.figures?.[measure] ?? Number.NaN;
  }
}

export function lessIsBetter(measure: Measure): boolean {
  return !(measure === 'mb_s' || measure === 'samples_s' || measure.endsWith('_per_s'));
}

export function mbPerSecond(round: Round): number {
  return round.bytes / round.seconds / 1e6;
}

export function cpuPerGb(round: Round): number {
  return round.cpuSeconds / (round.bytes / 1e9);
}
