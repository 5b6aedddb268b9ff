import { type DatasetDiff, diffDatasets } from '@zc/convert';
import type { Command } from 'commander';
import { exitCode } from '../exit-code.js';
import { Output } from '../output.js';
import { runWork } from '../run-work.js';
import { formatCount, formatSeconds, formatSome, parseCount } from '../units.js';

const help = `
Values are compared, not how they are stored: shards may end elsewhere, and one side may be compressed, which is listed
with the differences of the schemas. Ends with 1 where something differs.

Example:
  $ zc diff data/train data/copy`;

/** `zc diff`: how two datasets differ. */
export function addDiff(program: Command, end: (code: number) => void): Command {
  return program
    .command('diff')
    .summary('compare two datasets by content')
    .description('Compares two datasets: their schemas, their lengths, and sample after sample.')
    .argument('<first>', "a dataset's directory")
    .argument('<second>', "a dataset's directory")
    .option('--list <samples>', 'how many samples that differ are listed', parseCount, 20)
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', help)
    .action(async (first: string, second: string, { json, list }: { json?: boolean; list: number }) => {
      const talk = new Output({ json });
      const code = await runWork(
        talk,
        (work) => diffDatasets({ first, second, listMax: list, ...work }),
        (diff) => {
          if (json) talk.document({ first, second, ...diff });
          else for (const line of toLines(diff)) talk.line(line);
          return diff.same ? exitCode.ok : exitCode.found;
        },
      );
      end(code);
    });
}

function toLines({ same, schema, samples, differing, fields, list, seconds }: DatasetDiff): string[] {
  const { first, second } = samples;
  const lengths =
    first === second ? [] : [`the first has ${formatCount(first)} rows, the second ${formatCount(second)}`];
  const counts = Object.entries(fields).map(([name, count]) => `${name} in ${formatCount(count)}`);
  const compared = formatSome(Math.min(first, second), 'row');
  const time = formatSeconds(seconds);
  if (same) return [`the same: ${compared}, ${time}`];
  return [
    ...schema,
    ...lengths,
    ...list.map(({ index, fields }) => `row ${index}: ${fields.join(', ')}`),
    ...(differing > list.length ? [`… and ${formatCount(differing - list.length)} more`] : []),
    `${formatCount(differing)} of ${compared} differ${counts.length > 0 ? ` (${counts.join(', ')})` : ''}, ${time}`,
  ];
}
