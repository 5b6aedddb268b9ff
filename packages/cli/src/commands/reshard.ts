import { type Codec, reshardDataset } from '@zc/convert';
import { type Command, InvalidArgumentError } from 'commander';
import { valueOrNamed } from '../named-values.js';
import { Output } from '../output.js';
import { madeLine } from '../report-line.js';
import { runWork } from '../run-work.js';
import { parseBytes, parseCount, parseWhole } from '../units.js';

interface Options {
  shardBytes?: number;
  codec?: Codec | Record<string, Codec>;
  level?: number;
  rowAlign?: number | Record<string, number>;
  shuffleSeed?: number;
  sha256: boolean;
  overwrite?: boolean;
  json?: boolean;
}

const help = `
Values stay what they are. A shuffle needs as much free space beside the output as the dataset has, while it runs.

Examples:
  $ zc reshard data/train data/large --shard-bytes 1GiB
  $ zc reshard data/train data/small --codec zstd
  $ zc reshard data/train data/mixed --codec audio=zstd --shuffle-seed 7`;

/** `zc reshard`: writes a dataset anew, with other shards. */
export function addReshard(program: Command, end: (code: number) => void): Command {
  return program
    .command('reshard')
    .summary('write a dataset anew: shards of other sizes, compressed, shuffled')
    .description(
      'Writes a dataset anew: with shards of another size, other alignment, compressed, or in another order.',
    )
    .argument('<dataset>', "a dataset's directory")
    .argument('<output>', 'the directory of the new dataset')
    .option('--shard-bytes <size>', 'wanted size of a shard, such as 64MiB (default: 256MiB)', parseBytes)
    .option(
      '--codec <codec>',
      'none or zstd, of all fields, or of some: image=zstd,label=none',
      valueOrNamed(parseCodec),
    )
    .option('--level <number>', 'how hard zstd tries (default: 3)', parseWhole)
    .option(
      '--row-align <bytes>',
      'alignment of variable rows, or of some fields: photo=512',
      valueOrNamed(parseWhole),
    )
    .option('--shuffle-seed <number>', 'put the samples into an order that this number draws', parseCount)
    .option('--no-sha256', 'leave the SHA-256 of the shards out of the manifest')
    .option('--overwrite', 'replace a dataset that is there already')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', help)
    .action(async (input: string, output: string, { json, ...options }: Options) => {
      const talk = new Output({ json });
      const code = await runWork(
        talk,
        (work) => reshardDataset({ input, output, ...options, ...work }),
        (report) => {
          if (json) talk.document({ output, ...report });
          else talk.line(madeLine(output, report));
          return undefined;
        },
      );
      end(code);
    });
}

function parseCodec(text: string): Codec {
  if (text === 'none' || text === 'zstd') return text;
  throw new InvalidArgumentError('A codec is none or zstd.');
}
