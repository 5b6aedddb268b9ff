import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/step.mjs';

/** Linked statically into the native libraries; Debian and its children keep the texts here. */
const NATIVE = { liburing: 'liburing-dev', zstd: 'libzstd-dev' };

/**
 * The names and licences of all that others wrote and a bundle holds, and of what is linked into the native
 * libraries: each of them asks to be named where it is passed on.
 *
 * @param {string} metafile  What the bundler says of its inputs.
 */
export function licenseTexts(metafile) {
  const { inputs } = JSON.parse(readFileSync(metafile, 'utf8'));
  const folders = new Set(Object.keys(inputs).flatMap((path) => packageFolder(path) ?? []));
  const programs = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(root, folder, file), 'utf8') : '';
    return section(`${name} ${version} (${license})`, text);
  });
  const native = Object.entries(NATIVE).map(([name, packageName]) => {
    const file = `/usr/share/doc/${packageName}/copyright`;
    return section(`${name}, in the native libraries`, existsSync(file) ? readFileSync(file, 'utf8') : '');
  });
  return [...programs, ...native].join('\n');
}

/**
 * The folder of the package that a file belongs to, unless that is one of ours.
 *
 * @param {string} path
 */
function packageFolder(path) {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

/**
 * @param {string} title
 * @param {string} text
 */
function section(title, text) {
  return `${title}\n${'-'.repeat(title.length)}\n${text.trim()}\n`;
}
