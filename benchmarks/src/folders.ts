import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder `benchmarks/`; this file runs from `benchmarks/dist/src/`. */
const BENCHMARKS = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A file that is run as it stands, not built: Python. */
export function script(path: string): string {
  return join(BENCHMARKS, path);
}

/** A built module. */
export function built(path: string): string {
  return join(BENCHMARKS, 'dist', path);
}

/** The interpreter that the set-up found or made; `python3` where it left no word. */
export function pythonInterpreter(): string {
  const record = join(BENCHMARKS, '..', '.cache', 'python');
  return existsSync(record) ? readFileSync(record, 'utf8').trim() : 'python3';
}
