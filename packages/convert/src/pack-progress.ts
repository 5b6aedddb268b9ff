import type { PackOptions, PackPlan } from './pack-options.js';
import type { PackPlace } from './pack-place.js';

const INTERVAL_MS = 100;

/** Tells some ten times a second how far a packing is. */
export function progressReporter(plan: PackPlan, onProgress: PackOptions['onProgress'], place: PackPlace) {
  let reported = performance.now();
  const { samples: samplesTotal, bytes: bytesTotal } = plan;
  const report = () =>
    onProgress?.({ samples: place.row, samplesTotal, bytesRead: place.bytesRead, bytesTotal });
  return {
    tell(): void {
      if (onProgress === undefined) return;
      const now = performance.now();
      if (now - reported < INTERVAL_MS) return;
      reported = now;
      report();
    },
    end: report,
  };
}
