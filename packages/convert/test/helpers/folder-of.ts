import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';

/** A directory with these files in it, which is gone after the tests of the file. */
export function folderOf(files: Record<string, string | Uint8Array>): string {
  const root = temporaryDirectory();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}
