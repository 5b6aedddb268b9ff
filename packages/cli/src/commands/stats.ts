import { type DatasetStats, datasetStats, type FieldStats } from '@zc/convert';
import type { Command } from 'commander';
import { Output } from '../output.js';
import { sizeText } from '../report-line.js';
import { runWork } from '../run-work.js';
import { describeField } from '../schema-text.js';
import { formatTable } from '../table.js';
import { formatBytes, formatCount, formatSeconds } from '../units.js';

const help = `
Least, greatest and mean value are those of a tensor's elements, or of the lengths in bytes of other values. The ratio
is that of the values' bytes to the stored ones.

Examples:
  $ zc stats data/train
  $ zc stats data/train --fields label --json`;

/** `zc stats`: what the values of a dataset are like. */
export function addStats(program: Command, end: (code: number) => void): Command {
  return program
    .command('stats')
    .summary('look at every value: ranges, means, shapes, bytes')
    .description('Looks at every value of a dataset: counts, shapes, least, greatest and mean value, bytes.')
    .argument('<dataset>', "a dataset's directory")
    .option('--fields <name...>', 'only these fields; the others are not read')
    .option('--json', 'print it as JSON')
    .addHelpText('after', help)
    .action(async (input: string, { json, fields }: { json?: boolean; fields?: string[] }) => {
      const talk = new Output({ json });
      const code = await runWork(
        talk,
        (work) => datasetStats({ input, fields, ...work }),
        (stats) => {
          if (json) talk.document({ dataset: input, ...stats });
          else for (const line of toLines(input, stats)) talk.line(line);
          return undefined;
        },
      );
      end(code);
    });
}

function toLines(path: string, stats: DatasetStats): string[] {
  const heading = ['field', 'type', 'shape', 'min', 'max', 'mean', 'NaN', 'bytes', 'ratio'];
  const rows = stats.fields.map((field) => [
    field.name,
    describeField(field.field),
    shapeText(field.shape),
    numberText(field.min),
    numberText(field.max),
    numberText(field.mean),
    field.nans === 0 ? '' : formatCount(field.nans),
    formatBytes(field.bytes),
    field.storedBytes === 0 ? '' : (field.bytes / field.storedBytes).toFixed(2),
  ]);
  // What no field has is left out.
  const isUsed = heading.map((_, i) => rows.some((row) => row[i] !== ''));
  const used = <T>(cells: readonly T[]) => cells.filter((_, i) => isUsed[i]);
  const right = ['min', 'max', 'mean', 'NaN', 'bytes', 'ratio'];
  return [
    `${path}: ${sizeText(stats)}, ${formatSeconds(stats.seconds)}`,
    '',
    ...formatTable(used(heading), rows.map(used), right),
  ];
}

/** `224×224×3`, or `100…6,300` where rows differ. */
function shapeText(shape: FieldStats['shape']): string {
  if (!shape) return '';
  return shape.min
    .map((least, i) => {
      const greatest = shape.max[i]!;
      return least === greatest ? `${least}` : `${least}…${greatest}`;
    })
    .join(' × ');
}

function numberText(value: number | bigint | undefined): string {
  if (value === undefined) return '';
  return Number.isInteger(value) || typeof value === 'bigint'
    ? String(value)
    : String(Number(value.toPrecision(5)));
}
