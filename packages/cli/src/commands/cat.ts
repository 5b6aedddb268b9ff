import { ZcError } from '@zc/errors';
import { type Field, SampleEncoder, type Schema } from '@zc/format';
import type { Command } from 'commander';
import { Output } from '../output.js';
import { completeValue, summarizeValue } from '../sample-text.js';
import { findShards, type ShardSet, withShard } from '../shard-set.js';
import { parseIndex } from '../units.js';

interface Options {
  field?: string;
  json?: boolean;
}

const help = `
Without options tensors and bytes are summarized. --json has all elements (bytes as base64, 64-bit integers as
strings); --field alone writes the row's bytes as they are stored.

Examples:
  $ zc cat data/train 17
  $ zc cat photos.zcs 17 --field image > 17.jpg`;

/** `zc cat`: one sample of a dataset. */
export function addCat(program: Command): Command {
  return program
    .command('cat')
    .summary('print one sample')
    .description('Prints one sample as JSON, or the bytes of one of its fields.')
    .argument('<dataset>', "a dataset's directory, or a shard")
    .argument('<index>', 'which sample, from 0', parseIndex)
    .option('--field <name>', 'only this field')
    .option('--json', 'print all elements')
    .addHelpText('after', help)
    .action(async (path: string, index: number, options: Options) => {
      const output = new Output({ json: true });
      const { sample, fields } = await readSample(await findShards(path), index, options.field);
      if (options.field !== undefined && !options.json) {
        await output.bytes(storedBytes(fields[0]!, sample));
        return;
      }
      const toText = options.json ? completeValue : summarizeValue;
      output.document(
        Object.fromEntries(fields.map((field) => [field.name, toText(field, sample[field.name])])),
      );
    });
}

interface Found {
  readonly sample: Record<string, unknown>;
  /** The fields that were asked for. */
  readonly fields: readonly Field[];
}

async function readSample(set: ShardSet, index: number, fieldName: string | undefined): Promise<Found> {
  let first = 0;
  for (const { path, entry } of set.shards) {
    if (entry !== undefined && index >= first + entry.samples) {
      first += entry.samples;
      continue;
    }
    return await withShard(path, async (shard): Promise<Found> => {
      const { fields } = shard.schema;
      if (fieldName === undefined) return { sample: await shard.get(index - first), fields };
      const field = findField(shard.schema, fieldName);
      return { sample: { [fieldName]: await shard.readRow(fieldName, index - first) }, fields: [field] };
    });
  }
  throw new ZcError('ZC_INDEX_RANGE', `there is no sample ${index}, the dataset has ${first}`, {
    path: set.path,
    expected: first,
    actual: index,
  });
}

function findField({ fields }: Schema, fieldName: string): Field {
  const field = fields.find(({ name }) => name === fieldName);
  if (field) return field;
  throw new ZcError('ZC_ARGUMENT', `there is no field "${fieldName}"`, {
    advice: `The fields are ${fields.map(({ name }) => name).join(', ')}.`,
  });
}

function storedBytes(field: Field, sample: Record<string, unknown>): Uint8Array {
  const encoder = new SampleEncoder({ fields: [field], main: field.name, metadata: {} });
  return encoder.encode(sample, 0).rows[0]!;
}
