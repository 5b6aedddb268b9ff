import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import picomatch from 'picomatch';

/** Which files of a folder are meant, see `listFiles`. */
export interface FileFilter {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/**
 * The files below a folder, as paths relative to it with `/`, sorted by their UTF-16 code units so that the
 * order is the same on every machine.
 *
 * A pattern without `/` is matched against the file's name, one with `/` against the relative path. Names that
 * begin with a dot are left out. Links to files are followed, links to folders are not: they could lead in
 * circles or out of the folder.
 *
 * @throws ZC_CONVERT_EMPTY where nothing is left
 */
export async function listFiles(folder: string, filter: FileFilter = {}): Promise<string[]> {
  const isWanted = fileFilter(filter);
  const files: string[] = [];
  for await (const path of walk(folder, '')) if (isWanted(path)) files.push(path);
  if (files.length === 0) {
    const filtered = filter.include !== undefined || filter.exclude !== undefined;
    throw new ZcError('ZC_CONVERT_EMPTY', 'the folder holds no file to pack', {
      path: folder,
      ...(filtered && { advice: 'Check the patterns of --include and --exclude; quote them for the shell.' }),
    });
  }
  return files.sort();
}

/** Whether a path is one that the patterns want; see `listFiles`. */
export function fileFilter({ include, exclude }: FileFilter): (path: string) => boolean {
  const included = matcher(include) ?? (() => true);
  const excluded = matcher(exclude) ?? (() => false);
  return (path) => included(path) && !excluded(path);
}

async function* walk(root: string, relative: string): AsyncGenerator<string> {
  for (const entry of await readdir(join(root, relative), { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, path);
    else if (await isFile(entry, join(root, path))) yield path;
  }
}

async function isFile(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    throw new ZcError('ZC_CONVERT_SOURCE', 'the link leads nowhere', { path, cause });
  }
}

function matcher(patterns: readonly string[] | undefined): ((path: string) => boolean) | undefined {
  if (patterns === undefined || patterns.length === 0) return undefined;
  const matches = patterns.map((pattern) => picomatch(pattern, { basename: !pattern.includes('/') }));
  return (path) => matches.some((match) => match(path));
}
