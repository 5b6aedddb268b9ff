import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One import in a source file. */
export interface Import {
  /** The importing file, from the root. */
  readonly file: string;
  /** What it names: `@zc/format/node`, `./crc32c.js`, `node:fs`. */
  readonly specifier: string;
}

/** Every import, re-export, `import()` and `require()` in the sources of a package. */
export function importsOf(folder: string): Import[] {
  return readdirSync(join(root, folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) =>
      ts
        .preProcessFile(readFileSync(file, 'utf8'), true, true)
        .importedFiles.map(({ fileName }) => ({ file: relative(root, file), specifier: fileName })),
    );
}

/** The packages of ours that a package.json names as needed at run time. */
export function dependenciesOf(folder: string): string[] {
  const {
    dependencies = {},
    peerDependencies = {},
    optionalDependencies = {},
  } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }).filter(isOurs);
}

/** `@zc/format/node` is of the package `@zc/format`. */
export function packageOf(specifier: string): string {
  return specifier.split('/').slice(0, 2).join('/');
}

export function isOurs(specifier: string): boolean {
  return specifier.startsWith('@zc/');
}

/** Whether an import ends outside its package by way of a relative path, around the package's public names. */
export function leaves(folder: string, { file, specifier }: Import): boolean {
  return specifier.startsWith('.') && relative(folder, join(file, '..', specifier)).startsWith('..');
}

export function isNode({ specifier }: Import): boolean {
  return isBuiltin(specifier);
}
