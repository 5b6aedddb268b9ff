import type { PackOptions, PackPlan } from './pack-options.js';

const INTERVAL_MS = 100;

/** Counts rows of the input, and tells of them some ten times a second. */
export function progressReporter(plan: PackPlan, onProgress: PackOptions['onProgress']) {
  let samples = 0;
  let bytesRead = 0;
  let reported = performance.now();
  const { samples: samplesTotal, bytes: bytesTotal } = plan;
  const report = () => onProgress?.({ samples, samplesTotal, bytesRead, bytesTotal });
  return {
    row(bytes: number) {
      samples++;
      bytesRead += bytes;
      if (onProgress === undefined) return;
      const now = performance.now();
      if (now - reported < INTERVAL_MS) return;
      reported = now;
      report();
    },
    end: report,
  };
}
