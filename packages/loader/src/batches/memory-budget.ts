import { readFileSync } from 'node:fs';

/** The memory that a dataset's pages may take: half of what is available to this process. */
export function defaultPageCacheBudget(): number {
  return Math.floor(availableBytes() / 2);
}

/** However little the pages may take, batches need some room. */
const MEMORY_BYTES_MIN = 256 * 2 ** 20;

/**
 * What batches may take: a quarter of the pages' budget, shared by the ranks on this machine.
 *
 * @param wantedBytes what there is to be room for even beyond that, up to half of what is available
 */
export function defaultMaxMemoryBytes(pageCacheBudget: number, wantedBytes = 0): number {
  const localRanks = Math.max(Number(process.env.LOCAL_WORLD_SIZE ?? 1), 1);
  const share = Math.floor(pageCacheBudget / 4 / localRanks);
  if (wantedBytes <= Math.max(MEMORY_BYTES_MIN, share)) return Math.max(MEMORY_BYTES_MIN, share);
  const half = Math.floor(availableBytes() / 2 / localRanks);
  return Math.max(MEMORY_BYTES_MIN, share, Math.min(wantedBytes, half));
}

/** The machine's MemAvailable or, where it is lower, what this process's cgroup (v2) may still take. */
function availableBytes(): number {
  const meminfo = readText('/proc/meminfo');
  const available = Number(/^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0) * 1024;
  return Math.min(available, cgroupAvailable());
}

/** The limit of the process's cgroup, less what it holds and cannot give back. */
function cgroupAvailable(): number {
  const path = /^0::(.*)$/m.exec(readText('/proc/self/cgroup'))?.[1];
  if (path === undefined) return Number.POSITIVE_INFINITY;
  const directory = `/sys/fs/cgroup${path === '/' ? '' : path}`;
  const limit = Number.parseInt(readText(`${directory}/memory.max`), 10);
  if (Number.isNaN(limit)) return Number.POSITIVE_INFINITY;
  const current = Number.parseInt(readText(`${directory}/memory.current`), 10) || 0;
  const stat = readText(`${directory}/memory.stat`);
  const reclaimable = ['active_file', 'inactive_file'].reduce(
    (sum, key) => sum + Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0),
    0,
  );
  return Math.max(0, limit - current + reclaimable);
}

/** A file of the kernel's; empty where this system has none. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
