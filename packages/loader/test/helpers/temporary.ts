import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory that goes with the test, or when `whenDone` says so. */
export function temporaryDirectory(whenDone: (remove: () => void) => void = onTestFinished): string {
  const directory = mkdtempSync(join(tmpdir(), 'zc-loader-'));
  whenDone(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
