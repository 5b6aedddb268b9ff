import { defineSchema, dtypes, field, type Schema } from '@zc/format';
import { writeDataset } from './datasets.js';

export type TokenDtype = 'uint8' | 'uint16' | 'uint32' | 'int32' | 'int64';
export type Tokens = Uint8Array | Uint16Array | Uint32Array | Int32Array | BigInt64Array;

/** A dataset of documents, and what it must read as. */
export interface TokenSet {
  directory: string;
  /** All tokens one behind the other. */
  flat: Tokens;
  /** Where each document ends in them. */
  ends: number[];
}

/** Writes documents of these lengths, whose tokens count on through all of them, in shards of about `shardBytes`. */
export async function writeTokens(
  lengths: readonly number[],
  { dtype = 'uint16', shardBytes = 20_000 }: { dtype?: TokenDtype; shardBytes?: number } = {},
): Promise<TokenSet> {
  const schema: Schema = defineSchema({
    id: field.scalar('int32'),
    tokens: field.tensor(dtype, [null], { checksum: 'block' }),
  });
  const { array, bytes } = dtypes[dtype];
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const flat = new array(total) as Tokens;
  for (let i = 0; i < total; i++) {
    const token = Math.imul(i, 0x9e3779b1) >>> (bytes === 1 ? 25 : 17);
    flat[i] = (flat instanceof BigInt64Array ? BigInt(token) : token) as never;
  }
  let end = 0;
  const ends = lengths.map((length) => {
    end += length;
    return end;
  });
  const samples = lengths.map((length, id) => ({ id, tokens: flat.subarray(ends[id]! - length, ends[id]!) }));
  const directory = await writeDataset(schema, samples as never, { shardBytes });
  return { directory, flat, ends };
}

/** A text, which is compared much faster than an array is by `toEqual`. */
export function textOf(tokens: ArrayBufferView): string {
  return Buffer.from(tokens.buffer, tokens.byteOffset, tokens.byteLength).toString('base64');
}
