import { appendToDataset } from '@zc/convert';
import type { Command } from 'commander';
import { Output } from '../output.js';
import { sizeText } from '../report-line.js';
import { runWork } from '../run-work.js';
import { formatSeconds } from '../units.js';

interface Options {
  copy?: boolean;
  json?: boolean;
}

const help = `
Programs that have the dataset open go on with the samples that they know; those that open it afterwards see all.
What is no dataset yet is packed first.

Examples:
  $ zc append data/train data/more
  $ zc pack photos-today/ data/today && zc append data/photos data/today`;

/** `zc append`: adds the samples of other datasets to one. */
export function addAppend(program: Command, end: (code: number) => void): Command {
  return program
    .command('append')
    .summary('add the samples of other datasets to one')
    .description(
      'Adds the samples of other datasets of the same schema behind those of a dataset, all at once.',
    )
    .argument('<dataset>', 'the directory of the dataset that grows')
    .argument('<more...>', 'the datasets whose samples are added')
    .option('--copy', 'copy the shards, also where a hard link would do')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', help)
    .action(async (dataset: string, inputs: string[], { json, ...options }: Options) => {
      const talk = new Output({ json });
      const code = await runWork(
        talk,
        (work) => appendToDataset({ dataset, inputs, ...options, ...work }),
        ({ added, ...whole }) => {
          if (json) talk.document({ dataset, added, ...whole });
          else {
            const seconds = formatSeconds(whole.seconds);
            talk.line(`${dataset}: ${sizeText(added)} added, ${seconds}. It has ${sizeText(whole)} now.`);
          }
          return undefined;
        },
      );
      end(code);
    });
}
