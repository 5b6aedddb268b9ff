import { ZcError } from '@zc/errors';
import { folder } from './sources/folder.js';
import { npy } from './sources/npy.js';
import { npyFolder } from './sources/npy-folder.js';
import type { OpenedSource, SampleSource, SourceOptions } from './sources/sample-source.js';

/** Every kind of input, in the order in which they are tried. */
const sources: readonly SampleSource[] = [npyFolder, folder, npy];

/**
 * Recognises an input by its content and infers the schema of its samples; packs nothing.
 *
 * @throws ZC_IO_OPEN where it cannot be opened; ZC_CONVERT_UNSUPPORTED where it is of no known kind;
 *   ZC_CONVERT_SOURCE, ZC_CONVERT_MIXED, ZC_CONVERT_EMPTY
 *
 * @example
 * const source = await infer('photos/');
 * console.log(source.samples, source.facts);
 */
export async function infer(input: string, options: SourceOptions = {}): Promise<OpenedSource> {
  for (const source of sources) {
    if (await detects(source, input)) return source.open(input, options);
  }
  throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the input is of no kind that can be packed', {
    path: input,
    advice: 'Give a folder of files, a .npy file or a folder of .npy files.',
  });
}

async function detects(source: SampleSource, input: string): Promise<boolean> {
  try {
    return await source.detect(input);
  } catch (cause) {
    throw new ZcError('ZC_IO_OPEN', `the input cannot be opened: ${(cause as Error).message}`, {
      path: input,
      cause,
    });
  }
}
