import { existsSync, readFileSync } from 'node:fs';
import {
  type PackOptions,
  type PackPlan,
  type PackProgress,
  type PackReport,
  pack,
  preview,
  sourceNames,
} from '@zc/convert';
import { ZcError } from '@zc/errors';
import { schemaToJson } from '@zc/format';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { exitCode } from '../exit-code.js';
import { Interrupt } from '../interrupt.js';
import { Output } from '../output.js';
import { type Progress, ProgressBar } from '../progress-bar.js';
import { describeField } from '../schema-text.js';
import {
  formatBytes,
  formatCount,
  formatSeconds,
  formatSome,
  parseBytes,
  parseCount,
  parseWhole,
} from '../units.js';

/** What the parser makes of the options: those of `pack` by the same names, and what the command itself does. */
interface Options extends Omit<PackOptions, 'input' | 'output' | 'errorsFile' | 'field' | 'rename'> {
  field?: [string, string][];
  rename?: [string, string][];
  errors?: string;
  dryRun?: boolean;
  json?: boolean;
  progress?: boolean;
}

const help = `
Labels: 'folder' takes the sub-folder of each file (cat/001.jpg), 'name:REGEX' the first group of the expression
in its name, 'auto' the folder, else the part before the first _ of names like 7_jackson_32.wav.
Steps run in this order: --drop and --rename by the source's names, then --decode, --map, --field and --fixed by
the new ones. A pattern without / is matched against a file's name, one with / against its path in the folder.

Examples:
  $ zc pack photos/ data/train
  $ zc pack photos/ data/train --dry-run
  $ zc pack recordings/ data/test --include '*_[0-4].wav'
  $ zc pack images.npy data/images --shard-bytes 1GiB
  $ zc pack photos/ data/train --decode --resize 224x224 --crop center --jobs 4
  $ zc pack table.npy data/table --rename table=x --field x=float32[28,28]
  $ zc pack texts/ data/tokens --map ./tokenize.mjs
  $ zc pack texts/ data/texts --on-error skip --errors bad.jsonl`;

/** So that a test part gets the numbers of its train part: names with commas, or a file of them. */
function parseClasses(text: string): string[] {
  if (!existsSync(text)) return text.split(',').map((name) => name.trim());
  return readFileSync(text, 'utf8')
    .split(/\r?\n/)
    .filter((name) => name !== '');
}

/** `zc pack`: makes a dataset of what lies there in another format. */
export function addPack(program: Command, end: (code: number) => void): Command {
  return program
    .command('pack')
    .summary('make a dataset of a folder of files or of files in another format')
    .description(
      'Makes a dataset of a folder of files, or of files in another format. What the source is, is recognised by its\n' +
        'content; its schema is printed before work begins.',
    )
    .usage('[options] <source...> <output>')
    .argument(
      '<paths...>',
      "the sources: a folder, files of one kind, brace lists such as 'train-{000..009}.tar', or - for standard input; " +
        'and last the directory of the new dataset',
    )
    .option('--dry-run', 'print the schema and what was recognised, and write nothing')
    .addOption(new Option('--from <kind>', 'take the source as one of this kind').choices(sourceNames))
    .option('--shard-bytes <size>', 'wanted size of a shard, such as 64MiB (default: 256MiB)', parseBytes)
    .option('--include <pattern...>', 'only files that match one of these')
    .option('--exclude <pattern...>', 'no file that matches one of these')
    .option('--label-from <where>', 'auto, folder, none or name:REGEX (default: auto)')
    .option(
      '--classes <names>',
      'the classes in the order of their numbers: a,b,c or a file of one a line',
      parseClasses,
    )
    .addOption(
      new Option(
        '--on-error <what>',
        'at a bad record: stop and name it, or skip and list it (default: stop)',
      ).choices(['stop', 'skip']),
    )
    .option('--errors <file>', 'with --on-error skip: write all bad records to a file, a line of JSON each')
    .option('--errors-kept <count>', 'how many of them the report shows (default: 100)', parseCount)
    .option('--drop <field...>', 'leave fields out')
    .option('--rename <old=new>', 'give a field another name; for several, several times', collectPair)
    .option('--decode', 'decode images (JPEG, PNG, WebP) to pixels and recordings (WAV, FLAC) to samples')
    .option('--resize <WxH>', 'with --decode: bring images to this width and height, such as 224x224')
    .addOption(
      new Option('--crop <how>', 'with --resize: keep the proportions and cut off what stands out').choices([
        'center',
      ]),
    )
    .addOption(
      new Option(
        '--audio <dtype>',
        'with --decode: what samples of recordings become (default: int16)',
      ).choices(['int16', 'float32']),
    )
    .option(
      '--map <module>',
      'an ES module whose default export makes of each sample another, several or none',
    )
    .option(
      '--field <name=type>',
      'bring a field to a type such as uint8[224,224,3], int64, utf8',
      collectPair,
    )
    .option('--fixed <field...>', 'make ragged dimensions fixed that are the same in all rows')
    .option('--jobs <count>', 'threads for decoding and --map (default: cores - 1, at least 1)', parseWhole)
    .option('--resume', 'go on with what an interrupted packing of the same has left')
    .option('--overwrite', 'replace a dataset that is there already')
    .option('--no-sha256', 'leave the SHA-256 of the shards out of the manifest')
    .option('--json', 'print the report as JSON')
    .option('--progress', 'with --json: say how far it is, in lines of JSON on stderr')
    .addHelpText('after', help)
    .action(async (paths: string[], options: Options) => {
      end(await runPack(paths, options));
    });
}

async function runPack(paths: readonly string[], asked: Options): Promise<number> {
  const { json, progress, dryRun, errors, field, rename, ...options } = asked;
  const { input, output } = splitPaths(paths);
  const talk = new Output({ json, progress });
  const all = {
    input,
    output,
    ...options,
    errorsFile: errors,
    field: field && Object.fromEntries(field),
    rename: rename && Object.fromEntries(rename),
  };
  if (dryRun) {
    const plan = await preview(all);
    if (json) talk.document({ input, output, ...toJson(plan) });
    else for (const line of planLines(input, plan)) talk.line(line);
    return exitCode.ok;
  }
  using interrupt = new Interrupt();
  let report: PackReport;
  try {
    report = await packWithProgress({ ...all, signal: interrupt.signal }, talk);
  } catch (error) {
    if (interrupt.exitCode === undefined) throw error;
    talk.say('Interrupted; nothing was published.');
    return interrupt.exitCode;
  }
  if (json) talk.document({ output, ...report, errors: report.errors.map(skippedToJson) });
  else for (const line of closingLines(output, report, errors)) talk.line(line);
  return exitCode.ok;
}

/** Reads `name=value`, of which there may be several. */
function collectPair(text: string, before: [string, string][] = []): [string, string][] {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [...before, [name, value]];
  throw new InvalidArgumentError('This is two words with = between them.');
}

function splitPaths(paths: readonly string[]): { input: string[]; output: string } {
  const output = paths.at(-1)!;
  if (paths.length > 1) return { input: paths.slice(0, -1), output };
  throw new ZcError('ZC_ARGUMENT', 'one path was given: a source and an output directory are wanted', {
    path: output,
    advice: 'For example: zc pack photos/ data/train',
  });
}

async function packWithProgress(options: PackOptions, talk: Output): Promise<PackReport> {
  using bar = new ProgressBar(talk);
  return await pack({
    ...options,
    onPlan: (plan) => {
      for (const line of planLines(options.input, plan)) talk.say(line);
    },
    onResume: ({ samples, shards }) =>
      talk.say(`Going on behind ${formatSome(samples, 'row')} in ${formatSome(shards, 'shard')}.`),
    onKept: ({ samples, path }) =>
      talk.say(
        `${formatSome(samples, 'row')} stay in ${path}: --resume, added to the same command, goes on with them.`,
      ),
    onProgress: (progress) => {
      bar.update(shown(progress));
      talk.progress(progress);
    },
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

function planLines(input: string | readonly string[], { facts, schema }: PackPlan): string[] {
  const [first, ...more] = typeof input === 'string' ? [input] : input;
  const named = more.length === 0 ? first : `${first} and ${formatCount(more.length)} more`;
  return [
    `${named}: ${facts.join('; ')}`,
    ...schema.fields.map((field) => `  ${field.name}: ${describeField(field)}`),
  ];
}

function toJson({ schema, samples, bytes, facts }: PackPlan): Record<string, unknown> {
  return { schema: schemaToJson(schema), samples: samples ?? null, bytes: bytes ?? null, facts };
}

function skippedToJson({ row, error }: PackReport['errors'][number]): Record<string, unknown> {
  return { row, ...error.toJSON() };
}

const ERRORS_SHOWN = 5;

function closingLines(output: string, report: PackReport, errorsFile: string | undefined): string[] {
  const { samples, shards, bytes, seconds, skipped, errors } = report;
  const size = `${formatSome(samples, 'row')}, ${formatSome(shards, 'shard')}, ${formatBytes(bytes)}`;
  const closing = `${output}: ${size}, ${formatSeconds(seconds)}. Next: zc inspect ${output}`;
  if (skipped === 0) return [closing];
  const shown = errors.slice(0, ERRORS_SHOWN).map(({ row, error }) => {
    const [line] = error.message.split('\n', 1);
    return `  record ${formatCount(row)}: ${line}`;
  });
  const rest = skipped - shown.length;
  const all = errorsFile === undefined ? '--errors FILE lists all' : errorsFile;
  return [
    `${formatSome(skipped, 'bad record')} left out:`,
    ...shown,
    ...(rest > 0 ? [`  … and ${formatCount(rest)} more (${all})`] : []),
    closing,
  ];
}
