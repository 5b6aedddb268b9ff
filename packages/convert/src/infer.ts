import { ZcError } from '@zc/errors';
import { Input } from './input.js';
import { expandPaths } from './input-paths.js';
import { arrow } from './sources/arrow/arrow.js';
import { savedDataset } from './sources/arrow/saved-dataset.js';
import { csv } from './sources/csv/csv.js';
import { folder } from './sources/folder.js';
import { jsonLines } from './sources/json-lines/json-lines.js';
import { mds } from './sources/mds/mds.js';
import { megatron } from './sources/megatron.js';
import { npy } from './sources/npy.js';
import { npyFolder } from './sources/npy-folder.js';
import { npz } from './sources/npz.js';
import { parquet } from './sources/parquet/parquet.js';
import { safetensors } from './sources/safetensors.js';
import type { OpenedSource, SampleSource, SourceOptions } from './sources/sample-source.js';
import { textLines } from './sources/text-lines.js';
import { tfrecord } from './sources/tfrecord/tfrecord.js';
import { webdataset } from './sources/webdataset/webdataset.js';

/** Every kind of input, in the order in which they are tried. */
const sources: readonly SampleSource[] = [
  savedDataset,
  mds,
  parquet,
  arrow,
  tfrecord,
  megatron,
  webdataset,
  npyFolder,
  folder,
  npy,
  npz,
  safetensors,
  jsonLines,
  csv,
  // Any text at all is of this kind.
  textLines,
];

/** The names of the kinds of input, as `from` takes them. */
export const sourceNames: readonly string[] = sources.map(({ name }) => name);

/** What is known of an input beforehand. */
export interface InferOptions extends SourceOptions {
  /** The name of the kind that the input is, where its content does not tell or tells another; see `sourceNames`. */
  readonly from?: string | undefined;
}

/**
 * Recognises an input by its content and infers the schema of its samples; packs nothing.
 *
 * @param input a folder, a file, several files of one kind (brace lists such as `train-{000..009}.tar` too), or `-`
 *   for standard input
 * @throws ZC_IO_OPEN where it cannot be opened; ZC_CONVERT_UNSUPPORTED where it is of no known kind;
 *   ZC_ARGUMENT for an unknown `from`; ZC_CONVERT_SOURCE, ZC_CONVERT_MIXED, ZC_CONVERT_EMPTY, ZC_CONVERT_LIMIT
 *
 * @example
 * const source = await infer('photos/');
 * console.log(source.samples, source.facts);
 */
export async function infer(
  input: string | readonly string[],
  options: InferOptions = {},
): Promise<OpenedSource> {
  const forced = options.from === undefined ? undefined : sourceNamed(options.from);
  const opened = await Input.open(expandPaths(input));
  if (forced !== undefined) return forced.open(opened, options);
  for (const source of sources) {
    if (await source.detect(opened)) return source.open(opened, options);
  }
  throw new ZcError('ZC_CONVERT_UNSUPPORTED', 'the input is of no kind that can be packed', {
    path: opened.paths[0]!,
    advice: `The kinds are ${sourceNames.join(', ')}; --from NAME takes the input as one of them.`,
  });
}

function sourceNamed(name: string): SampleSource {
  const found = sources.find((source) => source.name === name);
  if (found !== undefined) return found;
  throw new ZcError('ZC_ARGUMENT', `there is no kind of input named ${name}`, {
    actual: name,
    advice: `The kinds are ${sourceNames.join(', ')}.`,
  });
}
