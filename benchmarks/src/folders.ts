import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder `benchmarks/`; this file runs from `benchmarks/dist/src/`, in tests from `benchmarks/src/`. */
const BENCHMARKS = dirname(fileURLToPath(import.meta.url)).replace(/(\/dist)?\/src$/, '');

/** A file that is run as it stands, not built: Python. */
export function script(path: string): string {
  return join(BENCHMARKS, path);
}

/** A built module. */
export function built(path: string): string {
  return join(BENCHMARKS, 'dist', path);
}

/**
 * The folder of the generated sets: `ZC_BENCH_DATA`, or one in the user's cache. That of root lies where
 * others may read, for some contenders run as somebody else.
 */
export function dataFolder(): string {
  const cache = process.getuid?.() === 0 ? '/var/cache' : join(homedir(), '.cache');
  return process.env.ZC_BENCH_DATA ?? join(process.env.XDG_CACHE_HOME ?? cache, 'zc-loader', 'bench');
}

/**
 * The interpreter that the set-up found or made; `python3` where it left no word. That of an environment, if one
 * is named, which may not be there.
 */
export function pythonInterpreter(environment?: string): string {
  if (environment !== undefined) return join(dataFolder(), environment, 'bin', 'python');
  const record = join(BENCHMARKS, '..', '.cache', 'python');
  return existsSync(record) ? readFileSync(record, 'utf8').trim() : 'python3';
}
