import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { script } from './folders.js';

const PAGE_BYTES = 4096;
/** How far the resident part of all files may be from what is asked for. */
const DEVIATION_MAX = { cold: 0.001, half: 0.05 };

/**
 * Drops files from the page cache, folders with all they hold, brings half of each back if asked to, and throws
 * if they would not go.
 */
export function arrangePages(part: 'cold' | 'half', paths: readonly string[], python: string): void {
  const files = paths.flatMap(filesBelow);
  const pages = files.reduce((sum, file) => sum + Math.ceil(statSync(file).size / PAGE_BYTES), 0);
  const resident = Number(
    execFileSync(python, [script('src/page-cache.py'), part], { encoding: 'utf8', input: files.join('\n') }),
  );
  const expected = part === 'half' ? pages / 2 : 0;
  if (Math.abs(resident - expected) > DEVIATION_MAX[part] * pages) {
    throw new Error(
      `${resident} of the ${pages} pages of ${files.length} files are in the page cache (${part})`,
    );
  }
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}
