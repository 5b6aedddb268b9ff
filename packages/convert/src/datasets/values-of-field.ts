import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import type { DatasetReader } from '@zc/format/node';
import { refuseBeyond } from '../limits.js';
import { throwIfAborted } from '../throw-if-aborted.js';
import { named, type Part } from './partition.js';
import { ENDED } from './progress.js';

/**
 * The parts that the values of a field make, in the order in which the values come first, and which part a value is of.
 *
 * @throws ZC_ARGUMENT for a field that has no such values, ZC_CONVERT_LIMIT where they are too many
 */
export async function partsByValue(
  dataset: DatasetReader,
  fieldName: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly parts: Part[]; readonly partOf: (value: unknown) => number }> {
  demandSplittable(dataset.schema, fieldName);
  const numbers = new Map<string, number>();
  const counts: number[] = [];
  for (const shard of dataset.manifest.shards.keys()) {
    for await (const value of (await dataset.shard(shard)).values(fieldName)) {
      const name = nameOf(value);
      let number = numbers.get(name);
      if (number === undefined) {
        number = counts.push(0) - 1;
        refuseBeyond('SPLIT_PARTS_MAX', counts.length, `the number of values of field "${fieldName}"`, {
          path: dataset.directory,
        });
        numbers.set(name, number);
      }
      counts[number]!++;
    }
    throwIfAborted(signal, ENDED);
  }
  const parts = [...numbers.keys()].map((name, i) => ({ name, samples: counts[i]! }));
  return { parts: named(parts), partOf: (value) => numbers.get(nameOf(value))! };
}

/** The value as a directory is named: `7`, `true`, `cat`; what a name cannot have is escaped as in a URL. */
function nameOf(value: unknown): string {
  const name = encodeURIComponent(String(value)).replace(/^\./, '%2E');
  return name === '' ? '%' : name;
}

function demandSplittable({ fields }: Schema, fieldName: string): void {
  const field = fields.find(({ name }) => name === fieldName);
  const isWhole = field?.kind === 'tensor' && field.shape.length === 0 && /^(u?int|bool)/.test(field.dtype);
  if (field && (isWhole || field.kind === 'utf8')) return;
  throw new ZcError('ZC_ARGUMENT', `the dataset cannot be split by "${fieldName}"`, {
    actual: fieldName,
    advice: field
      ? 'A dataset is split by a field of single whole numbers, of bools or of texts.'
      : `The fields are ${fields.map(({ name }) => name).join(', ')}.`,
  });
}
