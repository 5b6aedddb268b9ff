import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readPython } from '../setup/environment.mjs';
import { root } from '../setup/step.mjs';

/**
 * What one script of a tier did.
 *
 * @typedef {object} Outcome
 * @property {string} script  From the root.
 * @property {boolean} passed
 * @property {number} seconds
 * @property {string} said  The last line on its standard output.
 */

/**
 * Runs every `.mjs` and `.py` in a folder of that name of any package, one after the other, and says in one
 * line how each went; then `N passed, N failed`.
 *
 * @param {string} folder
 * @param {readonly string[]} args  Given to every script.
 * @param {string} [only]  A part of the names of the scripts to run.
 */
export async function runScripts(folder, args, only = '') {
  /** @type {Outcome[]} */
  const outcomes = [];
  for (const script of scriptsIn(folder).filter((path) => path.includes(only))) {
    console.log(`${script} ${args.join(' ')}`);
    const startMs = performance.now();
    const { status, said } = await runScript(script, args);
    const seconds = (performance.now() - startMs) / 1000;
    outcomes.push({ script, passed: status === 0, seconds, said });
    console.log(`${status === 0 ? 'passed' : `FAILED (${status})`} ${script}, ${seconds.toFixed(1)} s`);
  }
  const failed = outcomes.filter(({ passed }) => !passed).length;
  console.log(`${outcomes.length - failed} passed, ${failed} failed`);
  return outcomes;
}

/** @param {string} folder */
function scriptsIn(folder) {
  return readdirSync(join(root, 'packages'))
    .flatMap((name) => [join('packages', name, folder), join('packages', name, 'python', folder)])
    .filter((path) => existsSync(join(root, path)))
    .flatMap((path) => readdirSync(join(root, path)).map((file) => join(path, file)))
    .filter((path) => /\.(mjs|py)$/.test(path))
    .sort();
}

/**
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<{ status: number | string, said: string }>}
 */
function runScript(script, args) {
  const [program, flags] = script.endsWith('.py')
    ? [readPython() ?? 'python3', []]
    : ['node', ['--expose-gc']];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...flags, join(root, script), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let tail = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      process.stdout.write(text);
      tail = (tail + text).slice(-4096);
    });
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ status: code ?? signal ?? 1, said: tail.trimEnd().split('\n').at(-1) ?? '' }),
    );
  });
}
