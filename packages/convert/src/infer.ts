import { ZcError } from '@zc/errors';
import { Input } from './input.js';
import { folder } from './sources/folder.js';
import { npy } from './sources/npy.js';
import { npyFolder } from './sources/npy-folder.js';
import type { OpenedSource, SampleSource, SourceOptions } from './sources/sample-source.js';

/** Every kind of input, in the order in which they are tried. */
const sources: readonly SampleSource[] = [npyFolder, folder, npy];

/**
 * Recognises an input by its content and infers the schema of its samples; packs nothing.
 *
 * @param input a folder, a file, several files of one kind, or `-` for standard input
 * @throws ZC_IO_OPEN where it cannot be opened; ZC_CONVERT_UNSUPPORTED where it is of no known kind;
 *   ZC_CONVERT_SOURCE, ZC_CONVERT_MIXED, ZC_CONVERT_EMPTY
 *
 * @example
 * const source = await infer('photos/');
 * console.log(source.samples, source.facts);
 */
export async function infer(
  input: string | readonly string[],
  options: SourceOptions = {},
): Promise<OpenedSource> {
  const opened = await Input.open(typeof input === 'string' ? [input] : input);
  for (const source of sources) {
    if (await source.detect(opened)) return source.open(opened, options);
  }
  throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the input is of no kind that can be packed', {
    path: opened.paths[0]!,
    advice: 'Give a folder of files, a .npy file or a folder of .npy files.',
  });
}
