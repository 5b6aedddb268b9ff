import type { Manifest } from '@zc/format';

/** What a piece of work has written. */
export interface DatasetReport {
  readonly samples: number;
  readonly shards: number;
  /** Length of all shards together. */
  readonly bytes: number;
  readonly seconds: number;
}

/** `startedMs` is `performance.now()` at the beginning. */
export function reportOf({ samples, bytes, shards }: Manifest, startedMs: number): DatasetReport {
  return { samples, shards: shards.length, bytes, seconds: (performance.now() - startedMs) / 1000 };
}
