import { READ_WAYS } from '@zc/io';
import type { Shard } from '../shards/shard.js';
import type { CacheUse } from './cache-use.js';
import type { Check } from './plan.js';

/** When rows are checked: as the design of verification has it, every time, or not at all. */
export type Verify = 'auto' | 'always' | 'never';

/** Which way rows come into their slot. */
export type ReadMode = 'auto' | 'direct' | 'copied';

export interface WayOptions {
  /** The fields that are read, by their place in the schema. */
  fieldNumbers: readonly number[];
  mode: ReadMode;
  verify: Verify;
  /** Whether the page cache has room for the whole dataset. */
  fitsPageCache: boolean;
  /** Whether reading through it is worth while where it fits; it is, where nobody judges. */
  cacheUse?: Pick<CacheUse, 'worthwhile'> | undefined;
  /** Whether rows are brought into the page cache before their batch is made (see `BlockReadAhead`). */
  brought?: boolean | undefined;
}

/** How the rows of one shard are read for a batch. */
export interface ChosenWay {
  readonly shard: Shard;
  /** One of `READ_WAYS`. */
  readonly way: number;
  readonly check: Check;
  /** Whether the page cache has held its rows for longer than this batch. */
  readonly isResident: boolean;
}

/** Chooses a shard's way by what is asked for and by what the page cache holds of it (see `Shard.isResident`). */
export function chooseWay(shard: Shard, options: WayOptions, nowMs: number): ChosenWay {
  const way = wayOf(shard, options, nowMs);
  if (way !== undefined) {
    return { shard, way, check: checkFor(way, options.verify), isResident: way === READ_WAYS['mapped-copy'] };
  }
  // They are in the page cache now, but came from the device for this batch.
  const check = options.verify === 'never' ? 'none' : 'all';
  return { shard, way: READ_WAYS['mapped-copy'], check, isResident: false };
}

/** The way of rows that are looked at where they lie: resident, or to be read through the page cache first. */
export function chooseMapped(
  shard: Shard,
  { fieldNumbers, verify }: Pick<WayOptions, 'fieldNumbers' | 'verify'>,
  nowMs: number,
): ChosenWay {
  const isResident = shard.isResident(fieldNumbers, nowMs);
  const way = isResident ? READ_WAYS['mapped-copy'] : READ_WAYS.buffered;
  return { shard, way, check: checkFor(READ_WAYS['mapped-copy'], verify), isResident };
}

function wayOf(shard: Shard, options: WayOptions, nowMs: number): number | undefined {
  const { mode, fieldNumbers, fitsPageCache, cacheUse, brought } = options;
  if (mode === 'direct') return READ_WAYS.direct;
  if (shard.isResident(fieldNumbers, nowMs)) return READ_WAYS['mapped-copy'];
  if (brought) return undefined;
  if (mode === 'copied') return READ_WAYS.buffered;
  const through = fitsPageCache && (cacheUse?.worthwhile ?? true);
  return through ? READ_WAYS['auto-buffered'] : READ_WAYS['auto-direct'];
}

/** What comes from the device is always checked; what is resident only until it was found right once. */
function checkFor(way: number, verify: Verify): Check {
  if (verify !== 'auto') return verify === 'always' ? 'all' : 'none';
  return way === READ_WAYS['mapped-copy'] ? 'unmarked' : 'all';
}
