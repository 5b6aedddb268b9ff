import { type Schema, ShardWriter, type ZstdCompressor } from '../../src/index.js';
import { nodeDigests } from '../../src/node/node-digests.js';
import { memorySink } from './memory-sink.js';

/** The bytes of a shard with these samples. */
export async function makeShard(
  schema: Schema,
  samples: Iterable<Record<string, unknown>>,
  zstd?: ZstdCompressor,
): Promise<Uint8Array> {
  const sink = memorySink();
  const writer = await ShardWriter.create(sink, { schema, digests: nodeDigests, zstd });
  for (const sample of samples) await writer.append(sample as never);
  await writer.finish();
  return sink.bytes();
}
