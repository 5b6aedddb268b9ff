import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { blobSource, defineSchema, field, ShardReader, ShardWriter } from '../src/index.js';
import { nodeDigests } from '../src/node/node-digests.js';
import { makeShard } from './helpers/make-shard.js';
import { memorySink } from './helpers/memory-sink.js';
import { openShard } from './helpers/open-shard.js';

const folder = new URL('golden/', import.meta.url);
const golden = [
  ...readdirSync(folder).filter((name) => name.endsWith('.zcs')),
  ...readdirSync(new URL('zstd/', folder)).flatMap((name) => (name.endsWith('.zcs') ? [`zstd/${name}`] : [])),
];

test.each(golden)('%s: its rows in stored form, written again, are the same file', async (name) => {
  const bytes = new Uint8Array(readFileSync(new URL(name, folder)));
  const shard = await openShard(bytes);
  const sink = memorySink();
  const writer = await ShardWriter.create(sink, {
    schema: shard.schema,
    digests: nodeDigests,
    encodedOnly: true,
  });
  for await (const sample of shard.encodedRows()) await writer.appendEncoded(sample);
  await writer.finish();
  expect(Buffer.compare(sink.bytes(), bytes)).toBe(0);
});

const schema = defineSchema({ image: field.tensor('uint8', [4096]), label: field.scalar('int32') });
const samples = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ image: new Uint8Array(4096).fill(i), label: i }));

test('a damaged row is found, whichever way it is read', async () => {
  const bytes = await makeShard(schema, samples(3));
  bytes[4096 + 5000]! ^= 1;
  const shard = await openShard(bytes);
  const error = await failure('ZC_FORMAT_CHECKSUM', async () => {
    for await (const sample of shard.encodedRows()) expect(sample.bytes).toBe(4100);
  });
  expect(error.details.row).toBe(1);
});

test('the values of one field, without a read of the others', async () => {
  const bytes = await makeShard(schema, samples(3000));
  const reads: number[] = [];
  const source = blobSource(bytes, 'test.zcs');
  const shard = await ShardReader.open<typeof schema>({
    ...source,
    read: (offset, length) => {
      reads.push(length);
      return source.read(offset, length);
    },
  });
  const labels: number[] = [];
  for await (const label of shard.values('label', 10, 2990)) labels.push(label);
  expect(labels).toEqual(Array.from({ length: 2980 }, (_, i) => i + 10));
  expect(reads.reduce((sum, length) => sum + length, 0)).toBeLessThan(200_000);
  await failure('ZC_ARGUMENT', async () => {
    for await (const _ of shard.values('nothing' as 'label')) expect.unreachable();
  });
});

test('a writer of stored rows takes no others', async () => {
  const writer = await ShardWriter.create(memorySink(), { schema, encodedOnly: true });
  await failure('ZC_ARGUMENT', () => writer.append(samples(1)[0]!));
});
