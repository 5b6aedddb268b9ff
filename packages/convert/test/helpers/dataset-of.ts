import { join } from 'node:path';
import { defineSchema, field, type SampleInput, type Schema } from '@zc/format';
import { DatasetWriter, type DatasetWriterOptions, openDataset } from '@zc/format/node';
import { temporaryDirectory } from '../../../../tools/testing/temporary-directory.js';

export const letters = defineSchema({
  image: field.tensor('uint8', [4, 4]),
  tokens: field.tensor('uint16', [null]),
  label: field.scalar('int32'),
  name: field.text(),
});

export type Letter = SampleInput<typeof letters>;

/** Sample `i`: different in every field from the others. */
export function letter(i: number): Letter {
  return {
    image: new Uint8Array(16).fill(i),
    tokens: Uint16Array.from({ length: i % 7 }, (_, t) => i + t),
    label: i % 3,
    name: `letter ${i}`,
  };
}

export function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** A dataset of these samples in a directory of its own; shards are small, so that there are several. */
export async function datasetOf<S extends Schema>(
  schema: S,
  samples: readonly SampleInput<S>[],
  options: Omit<DatasetWriterOptions<S>, 'schema'> = {},
): Promise<string> {
  const directory = join(temporaryDirectory(), 'data');
  await using writer = await DatasetWriter.create(directory, { schema, shardBytes: 200, ...options });
  for (const sample of samples) await writer.append(sample);
  await writer.finish();
  return directory;
}

/** The letters with these numbers. */
export function lettersOf(numbers: readonly number[]): Promise<string> {
  return datasetOf(letters, numbers.map(letter));
}

/** The numbers of the letters of a dataset, after every byte of it was checked. */
export async function numbersIn(directory: string): Promise<number[]> {
  await using dataset = await openDataset<typeof letters>(directory);
  for (const number of dataset.manifest.shards.keys()) {
    const { damage } = await (await dataset.shard(number)).verify();
    if (damage[0]) throw damage[0];
  }
  const numbers: number[] = [];
  for await (const row of dataset.rows()) numbers.push(Number(row.name.slice('letter '.length)));
  return numbers;
}
