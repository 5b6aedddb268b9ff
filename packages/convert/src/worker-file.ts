import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Both src/ and dist/ lie directly below the package's root; what a thread runs is always what was built.
const here = dirname(fileURLToPath(import.meta.url));

/** The program of a worker thread; undefined in a bundle that has left it out, which does the work itself. */
export function workerFile(name: string): string | undefined {
  const places = [join(dirname(here), 'dist', `${name}.js`), join(here, `${name}.js`)];
  return places.find((path) => existsSync(path));
}
