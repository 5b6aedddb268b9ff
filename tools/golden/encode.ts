import {
  type Schema,
  schemaToJson,
  type ShardSummary,
  ShardWriter,
  type Tensor,
  type ZstdCompressor,
} from '@zc/format';

/** A golden shard: what its file is called and what is in it. */
export interface Golden {
  readonly file: string;
  readonly schema: Schema;
  readonly samples: readonly Record<string, unknown>[];
  /** For a schema with compressed fields. */
  readonly zstd?: ZstdCompressor;
}

export async function encodeGolden(golden: Golden): Promise<{ bytes: Uint8Array; summary: ShardSummary }> {
  const chunks: Uint8Array[] = [];
  const sink = {
    async write(chunk: Uint8Array) {
      chunks.push(chunk.slice());
    },
  };
  const writer = await ShardWriter.create(sink, { schema: golden.schema, zstd: golden.zstd });
  for (const sample of golden.samples) await writer.append(sample as never);
  const summary = await writer.finish();
  return { bytes: new Uint8Array(Buffer.concat(chunks)), summary };
}

/** The values in a form that any language can read: tensors and bytes as hex, 64-bit integers as text. */
export function describeGolden({ file, schema, samples }: Golden, summary: ShardSummary) {
  const values = samples.map((sample) =>
    Object.fromEntries(
      schema.fields.map(({ name, kind }) => [name, kind === 'json' ? sample[name] : plain(sample[name])]),
    ),
  );
  return { file, ...summary, schema: schemaToJson(schema), samples: values };
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return { hex: hexOf(value) };
  if (typeof value === 'object' && value !== null && 'dtype' in value) {
    const { dtype, shape, data } = value as Tensor;
    return { dtype, shape, hex: hexOf(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)) };
  }
  return value;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
