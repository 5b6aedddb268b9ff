import { type ExportOptions, type ExportReport, exportDataset, type SinkName, sinkNames } from '@zc/convert';
import { type Command, Option } from 'commander';
import { exitCode } from '../exit-code.js';
import { Interrupt } from '../interrupt.js';
import { Output } from '../output.js';
import { ProgressBar } from '../progress-bar.js';
import { formatBytes, formatCount, formatSeconds, formatSome, parseBytes } from '../units.js';

interface Options {
  to?: SinkName;
  fields?: string[];
  shardBytes?: number;
  overwrite?: boolean;
  json?: boolean;
}

const help = `
An output with the format's ending (.tar, .parquet, .arrow, .jsonl) is one file; any other is a folder that gets
files of --shard-bytes. npy is always a folder, with one file a field.

Examples:
  $ zc export data/train train.parquet
  $ zc export data/train tars/ --to webdataset --shard-bytes 1GiB
  $ zc export data/train arrays/ --to npy --fields image,label`;

/** `zc export`: a dataset as files of another format. */
export function addExport(program: Command, end: (code: number) => void): Command {
  return program
    .command('export')
    .summary('write a dataset as WebDataset, Parquet, Arrow, .npy or JSON Lines')
    .description('Writes the samples of a dataset, in their order, as files of another format.')
    .argument('<dataset>', "a dataset's directory")
    .argument('<output>', 'a file with the ending of the format, or a folder')
    .addOption(
      new Option('--to <format>', "the format (default: what the output's ending says)").choices(sinkNames),
    )
    .option('--fields <names>', 'only these fields, separated by commas', (names) => names.split(','))
    .option('--shard-bytes <size>', 'wanted size of a file in a folder (default: 256MiB)', parseBytes)
    .option('--overwrite', 'replace a file that is there already')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', help)
    .action(async (input: string, output: string, options: Options) => {
      end(await runExport({ input, output, options }));
    });
}

async function runExport(asked: { input: string; output: string; options: Options }): Promise<number> {
  const { json, ...options } = asked.options;
  const { input, output } = asked;
  const talk = new Output({ json });
  using interrupt = new Interrupt();
  let report: ExportReport;
  try {
    report = await exportWithProgress({ input, output, ...options, signal: interrupt.signal }, talk);
  } catch (error) {
    if (interrupt.exitCode === undefined) throw error;
    talk.say('Interrupted; nothing was written.');
    return interrupt.exitCode;
  }
  if (json) talk.document({ output, ...report });
  else talk.line(closingLine(output, report));
  return exitCode.ok;
}

async function exportWithProgress(options: ExportOptions, talk: Output): Promise<ExportReport> {
  using bar = new ProgressBar(talk);
  return await exportDataset({
    ...options,
    onStart: ({ to, samples, changes }) => {
      talk.say(`${options.input}: ${formatSome(samples, 'row')} to ${to}`);
      for (const change of changes) talk.say(`  ${change}`);
    },
    onProgress: ({ samples, samplesTotal, bytes }) => {
      const counted = `${formatCount(samples)}/${formatCount(samplesTotal)} rows`;
      bar.update({ done: samples, total: samplesTotal, counted, bytes });
    },
  });
}

function closingLine(output: string, { samples, files, bytes, seconds }: ExportReport): string {
  const size = `${formatSome(samples, 'row')}, ${formatSome(files, 'file')}, ${formatBytes(bytes)}`;
  return `${output}: ${size}, ${formatSeconds(seconds)}.`;
}
