import { type OpenedSource, type PackOptions, type PackProgress, type PackReport, pack } from '@zc/convert';
import type { Command } from 'commander';
import { exitCode } from '../exit-code.js';
import { Interrupt } from '../interrupt.js';
import { Output } from '../output.js';
import { type Progress, ProgressBar } from '../progress-bar.js';
import { describeField } from '../schema-text.js';
import { formatBytes, formatCount, formatSeconds, formatSome, parseBytes } from '../units.js';

interface Options {
  shardBytes?: number;
  include?: string[];
  exclude?: string[];
  labelFrom?: string;
  overwrite?: boolean;
  sha256: boolean;
  json?: boolean;
}

const help = `
Labels: 'folder' takes the sub-folder of each file (cat/001.jpg), 'name:REGEX' the first group of the expression
in its name, 'auto' the folder, else the part before the first _ of names like 7_jackson_32.wav.
A pattern without / is matched against a file's name, one with / against its path in the folder.

Examples:
  $ zc pack photos/ data/train
  $ zc pack recordings/ data/test --include '*_[0-4].wav'
  $ zc pack images.npy data/images --shard-bytes 1GiB`;

/** `zc pack`: makes a dataset of a folder of files or of a `.npy` file. */
export function addPack(program: Command, end: (code: number) => void): Command {
  return program
    .command('pack')
    .summary('make a dataset of a folder of files or a .npy file')
    .description(
      'Makes a dataset of a folder of files (one sample a file) or a .npy file (one sample a row).',
    )
    .argument('<input>', 'a folder, or a .npy file')
    .argument('<output>', 'the directory of the new dataset')
    .option('--shard-bytes <size>', 'wanted size of a shard, such as 64MiB (default: 256MiB)', parseBytes)
    .option('--include <pattern...>', 'only files that match one of these')
    .option('--exclude <pattern...>', 'no file that matches one of these')
    .option('--label-from <where>', 'auto, folder, none or name:REGEX (default: auto)')
    .option('--overwrite', 'replace a dataset that is there already')
    .option('--no-sha256', 'leave the SHA-256 of the shards out of the manifest')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', help)
    .action(async (input: string, output: string, options: Options) => {
      end(await runPack({ input, output, options }));
    });
}

async function runPack(asked: { input: string; output: string; options: Options }): Promise<number> {
  const { json, ...options } = asked.options;
  const { input, output } = asked;
  const talk = new Output({ json });
  using interrupt = new Interrupt();
  let report: PackReport;
  try {
    report = await packWithProgress({ input, output, ...options, signal: interrupt.signal }, talk);
  } catch (error) {
    if (interrupt.exitCode === undefined) throw error;
    talk.say('Interrupted; nothing was written.');
    return interrupt.exitCode;
  }
  if (json) talk.document({ output, ...report });
  else talk.line(closingLine(output, report));
  return exitCode.ok;
}

async function packWithProgress(options: PackOptions, talk: Output): Promise<PackReport> {
  using bar = new ProgressBar(talk);
  return await pack({
    ...options,
    onSource: (source) => sayWhatWasFound(String(options.input), source, talk),
    onProgress: (progress) => bar.update(shown(progress)),
  });
}

/** By rows where their number is known, else by bytes. */
function shown({ samples, samplesTotal, bytesRead, bytesTotal }: PackProgress): Progress {
  const rows = formatCount(samples);
  if (samplesTotal === undefined)
    return { done: bytesRead, total: bytesTotal, counted: `${rows} rows`, bytes: bytesRead };
  const counted = `${rows}/${formatCount(samplesTotal)} rows`;
  return { done: samples, total: samplesTotal, counted, bytes: bytesRead };
}

function sayWhatWasFound(input: string, source: OpenedSource, talk: Output): void {
  talk.say(`${input}: ${source.facts.join('; ')}`);
  for (const field of source.schema.fields) talk.say(`  ${field.name}: ${describeField(field)}`);
}

function closingLine(output: string, report: PackReport): string {
  const { samples, shards, bytes, seconds } = report;
  const size = `${formatSome(samples, 'row')}, ${formatSome(shards, 'shard')}, ${formatBytes(bytes)}`;
  return `${output}: ${size}, ${formatSeconds(seconds)}. Next: zc inspect ${output}`;
}
