import { mergeDatasets } from '@zc/convert';
import type { Command } from 'commander';
import { Output } from '../output.js';
import { madeLine } from '../report-line.js';
import { runWork } from '../run-work.js';

interface Options {
  copy?: boolean;
  overwrite?: boolean;
  json?: boolean;
}

const help = `
Published shards never change: the new dataset's are the same files under a second name (hard links), and take no
space. The old datasets may be removed afterwards.

Example:
  $ zc merge data/monday data/tuesday data/week`;

/** `zc merge`: makes one dataset of several. */
export function addMerge(program: Command, end: (code: number) => void): Command {
  return program
    .command('merge')
    .summary('make one dataset of several')
    .description(
      'Makes one dataset of several of one schema, their samples in the order in which they are named.',
    )
    .usage('[options] <dataset...> <output>')
    .argument('<dataset>', "a dataset's directory")
    .argument('<more...>', 'further datasets, and last the directory of the new one')
    .option('--copy', 'copy the shards, also where a hard link would do')
    .option('--overwrite', 'replace a dataset that is there already')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', help)
    .action(async (first: string, more: string[], { json, ...options }: Options) => {
      const talk = new Output({ json });
      const output = more.at(-1)!;
      const inputs = [first, ...more.slice(0, -1)];
      const code = await runWork(
        talk,
        (work) => mergeDatasets({ inputs, output, ...options, ...work }),
        (report) => {
          if (json) talk.document({ output, ...report });
          else talk.line(madeLine(output, report));
          return undefined;
        },
      );
      end(code);
    });
}
