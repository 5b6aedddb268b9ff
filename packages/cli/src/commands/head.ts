import { headOfDataset } from '@zc/convert';
import { openDataset } from '@zc/format/node';
import type { Command } from 'commander';
import { exitCode } from '../exit-code.js';
import { Interrupt } from '../interrupt.js';
import { Output } from '../output.js';
import { madeLine } from '../report-line.js';
import { runWork } from '../run-work.js';
import { completeValue, summarizeValue } from '../sample-text.js';
import { parseBytes, parseCount } from '../units.js';

interface Options {
  count: number;
  shardBytes?: number;
  overwrite?: boolean;
  json?: boolean;
}

const help = `
Without an output each sample is one line of JSON, in which tensors and bytes are summarized; --json has all
elements (bytes as base64, 64-bit integers as strings).

Examples:
  $ zc head data/train -n 3
  $ zc head data/train data/tiny -n 100`;

/** `zc head`: the first samples of a dataset, printed or as a dataset. */
export function addHead(program: Command, end: (code: number) => void): Command {
  return program
    .command('head')
    .summary('print the first samples, or make a dataset of them')
    .description('Prints the first samples of a dataset, or makes a dataset of them.')
    .argument('<dataset>', "a dataset's directory")
    .argument('[output]', 'the directory of the new dataset')
    .option('-n, --count <samples>', 'how many', parseCount, 10)
    .option('--shard-bytes <size>', 'wanted size of a shard of the output (default: 256MiB)', parseBytes)
    .option('--overwrite', 'replace a dataset that is there already')
    .option('--json', 'print all elements, or the report, as JSON')
    .addHelpText('after', help)
    .action(async (input: string, output: string | undefined, { json, ...options }: Options) => {
      const talk = new Output({ json });
      if (output === undefined) {
        end(await printHead(input, options.count, talk));
        return;
      }
      const code = await runWork(
        talk,
        (work) => headOfDataset({ input, output, ...options, ...work }),
        (report) => {
          if (json) talk.document({ output, ...report });
          else talk.line(madeLine(output, report));
          return undefined;
        },
      );
      end(code);
    });
}

async function printHead(path: string, count: number, talk: Output): Promise<number> {
  using interrupt = new Interrupt();
  await using dataset = await openDataset(path);
  const { fields } = dataset.schema;
  const toValue = talk.json ? completeValue : summarizeValue;
  let left = count;
  if (left === 0) return exitCode.ok;
  for await (const sample of dataset.rows()) {
    await talk.record(
      Object.fromEntries(fields.map((field) => [field.name, toValue(field, sample[field.name])])),
    );
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    if (--left === 0) break;
  }
  return exitCode.ok;
}
