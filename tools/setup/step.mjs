import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What the set-up keeps between runs; deleting the folder starts it afresh. */
export const cache = join(root, '.cache');

/** A step that could not be done, with the next thing to do. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} advice
   */
  constructor(message, advice) {
    super(message);
    this.advice = advice;
  }
}

/**
 * Does one step of the set-up unless its stamp says that the same inputs were done before, and says in one
 * line what was done and how long it took.
 *
 * @param {string} name  Names the stamp.
 * @param {object} step
 * @param {string} step.title  What the step brings, as a noun.
 * @param {readonly string[]} step.inputs  Values that the result depends on.
 * @param {() => boolean} step.present  Whether the result still lies where it was put.
 * @param {() => Promise<string | void> | string | void} step.run  Does it; what it returns is added to the line.
 */
export async function doStep(name, { title, inputs, present, run }) {
  const stamp = join(cache, 'stamps', name);
  const digest = digestOf(inputs);
  if (present() && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  const startMs = performance.now();
  const outcome = await run();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  report(outcome ? `${title} (${outcome})` : title, startMs);
}

/**
 * @param {string} what
 * @param {number} startMs  From `performance.now()`.
 */
export function report(what, startMs) {
  console.log(`setup: ${what}, ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
}

/** @param {readonly string[]} inputs */
export function digestOf(inputs) {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(`${input.length}:${input}`);
  return hash.digest('hex');
}

/**
 * The text of a file of the repository.
 *
 * @param {string} path  From the root.
 */
export function textOf(path) {
  return readFileSync(join(root, path), 'utf8');
}
