import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZcError } from '@zc/errors';
import { version } from '../package.json';
import type { PackOptions, PackPlan } from './pack-options.js';
import type { StepSpec } from './steps/chain.js';
import { imageLibrary } from './steps/decode-image.js';

/** Files whose sizes and times are asked for at once. */
const STATS_AT_ONCE = 64;

/**
 * What decides the bytes of a dataset: the input's files with their sizes and times, the options, the steps. A packing
 * that was interrupted goes on only where all of it is the same.
 *
 * @throws ZC_ARGUMENT for standard input, which nobody can look at twice
 */
export async function packIdentity(
  paths: readonly string[],
  { options, plan, steps }: { options: PackOptions; plan: PackPlan; steps: readonly StepSpec[] },
): Promise<Record<string, unknown>> {
  if (paths.includes('-')) {
    throw new ZcError(
      'ZC_ARGUMENT',
      'standard input cannot be read a second time, so nothing goes on with it',
      {
        advice: 'Name the files, or leave --resume out.',
      },
    );
  }
  const { from, include, exclude, labelFrom, classes, shardBytes, sha256, onError } = options;
  const decodes = steps.some(({ kind }) => kind === 'decode');
  const identity = {
    version,
    input: await filesDigest(paths),
    schema: plan.schema,
    steps: await Promise.all(steps.map(stepIdentity)),
    options: { from, include, exclude, labelFrom, classes, shardBytes, sha256, onError },
    ...(decodes && { decoder: await imageLibrary().catch(() => 'none') }),
  };
  // As it will be read back: without what is undefined.
  return JSON.parse(JSON.stringify(identity));
}

/** A module counts by what it holds; what it imports is not looked at. */
async function stepIdentity(spec: StepSpec): Promise<unknown> {
  if (spec.kind !== 'map') return spec;
  const { size, mtimeMs } = await stat(fileURLToPath(spec.url));
  return { ...spec, size, mtimeMs };
}

/** One digest of the paths, sizes and times of all files. */
async function filesDigest(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const files = await filesOf(resolve(path));
    for (let at = 0; at < files.length; at += STATS_AT_ONCE) {
      const some = files.slice(at, at + STATS_AT_ONCE);
      const found = await Promise.all(some.map(sizeAndTime));
      for (const [i, text] of found.entries()) hash.update(`${some[i]}\0${text}\n`);
    }
  }
  return hash.digest('hex');
}

/** Of a link that leads nowhere only that. */
async function sizeAndTime(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(
    ({ size, mtimeNs }) => `${size}\0${mtimeNs}`,
    () => 'nowhere',
  );
}

/** Files that sources read: hidden ones, which programs put and take as they like, are none. */
async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/(^|\/)\./.test(relative(path, file)))
    .sort();
}
