import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How many maps of a file this process has. */
export function mapsOf(path: string): number {
  const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return maps.filter((line) => line.endsWith(path)).length;
}

/** How many maps of this process are of what the pattern matches. */
export function mapsMatching(pattern: RegExp): number {
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => pattern.test(line)).length;
}

/** How many descriptors of this process lead to what the pattern matches. */
export function descriptorsOf(pattern: RegExp): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return pattern.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // The one that listed the directory is gone again.
      return false;
    }
  }).length;
}
