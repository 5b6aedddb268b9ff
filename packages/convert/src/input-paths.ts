import { existsSync } from 'node:fs';
import { expand } from 'brace-expansion';
import { convertLimits, refuseBeyond } from './limits.js';

/**
 * The paths that an input names, brace lists written out as a shell does it: `train-{000..002}.tar` is three paths.
 *
 * A path that is there as it stands is taken literally.
 *
 * @throws ZC_CONVERT_LIMIT for more than INPUT_PATHS_MAX
 */
export function expandPaths(input: string | readonly string[]): string[] {
  const inputs = typeof input === 'string' ? [input] : input;
  const paths = inputs.flatMap((path) => {
    if (!path.includes('{') || existsSync(path)) return [path];
    // One more than are allowed: the library cuts its list where it is longer.
    return expand(path, { max: convertLimits.INPUT_PATHS_MAX + 1 });
  });
  refuseBeyond('INPUT_PATHS_MAX', paths.length, 'the number of inputs', { path: inputs[0] });
  return paths;
}
