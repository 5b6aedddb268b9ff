import { type SplitReport, splitDataset } from '@zc/convert';
import type { Command } from 'commander';
import { namedValues } from '../named-values.js';
import { Output } from '../output.js';
import { sizeText } from '../report-line.js';
import { runWork } from '../run-work.js';
import { formatSeconds, parseBytes, parseCount, parseNumber } from '../units.js';

interface Options {
  fractions?: Record<string, number>;
  counts?: Record<string, number | 'rest'>;
  by?: string;
  seed: number;
  inOrder?: boolean;
  shardBytes?: number;
  sha256: boolean;
  json?: boolean;
}

const help = `
Each sample goes to one part and keeps its order there. A draw depends on the seed and the place of a sample alone: the
same seed gives the same parts.

Examples:
  $ zc split data/train data/parts --fractions train=0.8,test=0.2 --seed 7
  $ zc split data/train data/folds --counts test=100,train=rest
  $ zc split data/train data/labels --by label`;

/** `zc split`: makes several datasets of one. */
export function addSplit(program: Command, end: (code: number) => void): Command {
  return program
    .command('split')
    .summary('make several datasets of one')
    .description('Makes several datasets of one: by fractions, by counts, or by the values of a field.')
    .argument('<dataset>', "a dataset's directory")
    .argument('<output>', 'a new directory, in which each part is a dataset')
    .option('--fractions <parts>', 'such as train=0.8,test=0.2', namedValues(parseNumber))
    .option('--counts <parts>', 'such as test=1000,train=rest', namedValues(parsePartCount))
    .option('--by <field>', 'a part for each value of this field')
    .option('--seed <number>', 'what the draw depends on', parseCount, 0)
    .option('--in-order', 'the first samples to the first part, and so on, in place of a draw')
    .option('--shard-bytes <size>', 'wanted size of a shard, such as 64MiB (default: 256MiB)', parseBytes)
    .option('--no-sha256', 'leave the SHA-256 of the shards out of the manifests')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', help)
    .action(async (input: string, output: string, { json, ...options }: Options) => {
      const talk = new Output({ json });
      const code = await runWork(
        talk,
        (work) => splitDataset({ input, output, ...options, ...work }),
        (report) => {
          if (json) talk.document({ output, ...report });
          else for (const line of toLines(output, report)) talk.line(line);
          return undefined;
        },
      );
      end(code);
    });
}

function parsePartCount(text: string): number | 'rest' {
  return text === 'rest' ? text : parseCount(text);
}

function toLines(output: string, { parts, seconds }: SplitReport): string[] {
  return [
    ...parts.map(({ path, ...size }) => `${path}: ${sizeText(size)}`),
    `${output}: ${parts.length} parts, ${formatSeconds(seconds)}. Next: zc inspect ${parts[0]?.path ?? output}`,
  ];
}
