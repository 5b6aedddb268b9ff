import type { LoaderCounts } from './stats.js';

/**
 * What a job waits for:
 *
 * - `step`: the consumer itself; batches lie ready.
 * - `disk`: reads are under way all the time.
 * - `cpu`: the engine's helper threads copy and check all the time.
 * - `transforms`: batches are padded or transformed all the time.
 * - `planning`: this thread, finding rows and writing plans.
 * - `tables`: the reads of tables, and of shards that are touched for the first time.
 * - `memory`: slots, because batches are kept.
 * - `depth`: none of these all the time: too little is read ahead.
 * - `nothing`: no batch was taken.
 */
export type Bottleneck =
  | 'step'
  | 'disk'
  | 'cpu'
  | 'transforms'
  | 'planning'
  | 'tables'
  | 'memory'
  | 'depth'
  | 'nothing';

export interface Verdict {
  readonly by: Bottleneck;
  /** The part of the time that it was busy, 0 to 1. */
  readonly share: number;
  /** The verdict in words, a sentence with its figures. */
  readonly text: string;
}

export interface VerdictOptions {
  /** What the disk gave when it was measured alone, in bytes a second. */
  diskBytesPerSecond?: number | undefined;
}

/** Whoever waits less than this part of the time is not held up by the loader. */
const WAITED_SHARE_MIN = 0.1;
/** What is busy less than this part of the time is not what holds a job up. */
const BUSY_SHARE_MIN = 0.3;

/** Says in words what held a job up in the span that the counters are of. */
export function verdictOf(counts: LoaderCounts & { helpers: number }, options: VerdictOptions = {}): Verdict {
  const { waitedMs, stepMs } = counts;
  const wholeMs = waitedMs + stepMs;
  if (counts.batches === 0 || wholeMs === 0) {
    return { by: 'nothing', share: 0, text: 'nothing was read yet' };
  }
  if (waitedMs < WAITED_SHARE_MIN * wholeMs) {
    const share = stepMs / wholeMs;
    return {
      by: 'step',
      share,
      text: `your step holds you up: the loader was ready ${percent(share)} of the time`,
    };
  }
  const shares = {
    disk: counts.readMs / wholeMs,
    cpu: (counts.checkMs + counts.copyMs) / (wholeMs * Math.max(1, counts.helpers)),
    transforms: counts.finishMs / wholeMs,
    planning: counts.planMs / wholeMs,
    tables: counts.lookupMs / wholeMs,
    memory: counts.slotMs / wholeMs,
  };
  const [by, share] = (Object.entries(shares) as [keyof typeof shares, number][]).reduce((most, each) =>
    each[1] > most[1] ? each : most,
  );
  if (share < BUSY_SHARE_MIN)
    return { by: 'depth', share: waitedMs / wholeMs, text: depthText(counts, wholeMs) };
  return { by, share, text: TEXTS[by](counts, { ...options, wholeMs, busy: percent(share) }) };
}

interface Told extends VerdictOptions {
  wholeMs: number;
  busy: string;
}

const TEXTS = {
  disk({ bytesRead }: LoaderCounts, { wholeMs, busy, diskBytesPerSecond }: Told) {
    const rate = (bytesRead / wholeMs) * 1000;
    const measured =
      diskBytesPerSecond === undefined
        ? ''
        : ` of the ${megabytes(diskBytesPerSecond)} it gave when measured`;
    return `the disk holds you up: ${megabytes(rate)} MB/s${measured}, with reads under way ${busy} of the time`;
  },
  cpu({ copyMs, checkMs, helpers }: LoaderCounts & { helpers: number }, { wholeMs, busy }: Told) {
    const part = (ms: number) => percent(ms / (wholeMs * helpers));
    const threads = helpers === 1 ? 'the helper thread was' : `${helpers} helper threads were`;
    return `this CPU holds you up: ${threads} busy ${busy} of the time, copies took ${part(copyMs)}, checksums apart from them ${part(checkMs)}`;
  },
  transforms(_: LoaderCounts, { busy }: Told) {
    return `transforms hold you up: batches were transformed or padded ${busy} of the time`;
  },
  planning(_: LoaderCounts, { busy }: Told) {
    return `planning holds you up: finding rows took ${busy} of the time of the thread that iterates; larger batches need less of it`;
  },
  tables(_: LoaderCounts, { busy }: Told) {
    return `the shards' tables hold you up: reading ahead waited for them ${busy} of the time; a larger indexCacheBytes keeps them`;
  },
  memory(_: LoaderCounts, { busy }: Told) {
    return `kept batches hold you up: reading ahead waited for a free slot ${busy} of the time; release them sooner, or raise maxMemoryBytes`;
  },
};

function depthText({ stalls, batches }: LoaderCounts, wholeMs: number): string {
  const each = (wholeMs / batches).toFixed(1);
  return `too little is read ahead: ${stalls} of ${batches} batches, one every ${each} ms, were not ready and nothing was busy all the time; raise prefetchBatches`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 10e6 ? 1 : 0);
}
