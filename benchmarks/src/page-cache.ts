import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { script } from './folders.js';

const PAGE_BYTES = 4096;
/** A file counts as cold if less than this part of it stayed in the page cache. */
const RESIDENT_PART_MAX = 0.001;

/** Drops files from the page cache, folders with all they hold, and throws if they would not go. */
export function makeCold(paths: readonly string[], python: string): void {
  const files = paths.flatMap(filesBelow);
  const sizeBytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const resident = Number(
    execFileSync(python, [script('src/page-cache.py'), ...files], { encoding: 'utf8' }),
  );
  if (resident * PAGE_BYTES > RESIDENT_PART_MAX * sizeBytes) {
    throw new Error(
      `${resident} pages of ${files.length} files stayed in the page cache after being dropped`,
    );
  }
}

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}
