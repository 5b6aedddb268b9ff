import type { PackOptions, PackPlan } from './pack-options.js';
import type { PackPlace } from './pack-place.js';
import { ProgressClock } from './progress-clock.js';

/** Tells some ten times a second how far a packing is. */
export function progressReporter(plan: PackPlan, onProgress: PackOptions['onProgress'], place: PackPlace) {
  const clock = new ProgressClock();
  const { samples: samplesTotal, bytes: bytesTotal } = plan;
  const report = () =>
    onProgress?.({ samples: place.row, samplesTotal, bytesRead: place.bytesRead, bytesTotal });
  return {
    tell(): void {
      if (onProgress !== undefined && clock.strikes()) report();
    },
    end: report,
  };
}
