import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ZcError } from '@zc/errors';

/** What stands for it among paths. */
const STANDARD_INPUT = '-';

/**
 * Refuses an output that is an input or lies in one: the next run would take it for samples, and replacing it would
 * remove what is being read.
 *
 * @throws ZC_ARGUMENT
 */
export async function refuseInside(inputs: readonly string[], output: string): Promise<void> {
  const target = await realPlace(output);
  for (const input of inputs) {
    if (input === STANDARD_INPUT) continue;
    const way = relative(await realPlace(input), target);
    if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) continue;
    throw new ZcError('ZC_ARGUMENT', `the output lies in the input, ${input}`, {
      path: output,
      advice: 'Name an output beside the input.',
    });
  }
}

/** Where a path leads, links followed as far as there is something. */
async function realPlace(path: string): Promise<string> {
  const full = resolve(path);
  try {
    return await realpath(full);
  } catch {
    return dirname(full) === full ? full : join(await realPlace(dirname(full)), basename(full));
  }
}
