import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  defineSchema,
  field,
  MANIFEST_NAME,
  type SampleInput,
  type ShardEntry,
  ShardWriter,
  serializeManifest,
  shardName,
} from '@zc/format';
import { fileSink, nodeDigests } from '@zc/format/node';
import { crc32c } from '@zc/io';

/** A field of small fixed rows, one of labels, and one whose rows need a table to be found. */
export const manyShards = defineSchema({
  row: field.tensor('uint8', [64]),
  label: field.scalar('int32'),
  words: field.tensor('uint16', [null]),
});

/** Files that are really there. Usual file systems allow a file 65,000 names. */
const FILES = 4;

/** Sample `i` of such a dataset. It follows from its number in the files that are really there. */
export function manyShardsAt(i: number, samplesPerShard: number): SampleInput<typeof manyShards> {
  const number = i % (FILES * samplesPerShard);
  return {
    row: new Uint8Array(64).fill(number).fill(number >> 8, 32),
    label: number,
    words: new Uint16Array(number % 7).fill(number),
  };
}

/**
 * Writes a dataset of very many shards at the price of a few, by giving each file many names.
 *
 * The page cache knows the files, not the names: once the first shards were read it holds them all.
 */
export async function writeManyShards(
  directory: string,
  { shards, samplesPerShard }: { shards: number; samplesPerShard: number },
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const entries: ShardEntry[] = [];
  for (let i = 0; i < Math.min(FILES, shards); i++) {
    entries.push(await writeShard(directory, i, samplesPerShard));
  }
  for (let i = FILES; i < shards; i++) {
    const name = shardName(i);
    linkSync(join(directory, shardName(i % FILES)), join(directory, name));
    entries.push({ ...entries[i % FILES]!, name });
  }
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  const manifest = { schema: manyShards, samples: shards * samplesPerShard, bytes, shards: entries };
  writeFileSync(join(directory, MANIFEST_NAME), serializeManifest(manifest));
}

async function writeShard(directory: string, i: number, samples: number): Promise<ShardEntry> {
  const name = shardName(i);
  const sink = await fileSink(join(directory, name));
  const writer = await ShardWriter.create(sink, { schema: manyShards, digests: { ...nodeDigests, crc32c } });
  for (let row = 0; row < samples; row++) await writer.append(manyShardsAt(i * samples + row, samples));
  const summary = await writer.finish();
  await sink.finish();
  return { name, ...summary };
}
