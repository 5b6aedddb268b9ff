import { closeSync, openSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fastDigests } from '@zc/convert';
import { defineSchema, field, ShardReader } from '@zc/format';
import { DatasetWriter, fileSource } from '@zc/format/node';
import type { RowRegion } from './data.js';
import { sumOfWords, Xorshift128 } from './words.js';

/** Bytes of each row, or between which they lie, evenly spread; always whole 64-bit words. */
export type RowLengths = number | { readonly min: number; readonly max: number };

/** What the rows of a set are like. */
export interface RowKind {
  readonly rowBytes: RowLengths;
  /** Whether all of them lie in one file as well. */
  readonly flat: boolean;
  /** Of rows that are ragged tensors; others are `uint8` where they have one length, and bytes where not. */
  readonly dtype?: 'uint16';
}

const SEED = 0x5a43;

/**
 * Writes rows of random bytes with their places as labels: `shards/`, `labels.bin`, `sums.bin`, for rows that
 * differ in length `lengths.bin`, and `rows.bin` if asked for.
 *
 * @returns the sum of all words, and where the rows lie, with paths relative to `folder`
 */
export async function writeRows(
  folder: string,
  rows: number,
  { rowBytes, flat, dtype }: RowKind,
): Promise<{ sum: bigint; regions: RowRegion[] }> {
  const isFixed = typeof rowBytes === 'number';
  const fixed = isFixed && field.tensor('uint8', [rowBytes]);
  const ragged = dtype ? field.tensor(dtype, [null]) : field.bytes({ mediaType: 'image/jpeg' });
  const schema = defineSchema({ x: fixed || ragged, label: field.scalar('int64') });
  const writer = await DatasetWriter.create(join(folder, 'shards'), { schema, digests: fastDigests() });
  const copy = flat ? openSync(join(folder, 'rows.bin'), 'w') : undefined;
  const random = new Xorshift128(SEED);
  const lengths = new Uint32Array(rows);
  const sums = new BigUint64Array(rows);
  let sum = 0n;
  for (let row = 0; row < rows; row += 1) {
    const length = isFixed ? rowBytes : lengthBetween(rowBytes, random.next());
    const words = new Uint32Array(length / 4);
    random.fill(words);
    const data = new Uint8Array(words.buffer);
    const x = dtype ? new Uint16Array(words.buffer) : data;
    await writer.append({ x, label: BigInt(row) } as Parameters<typeof writer.append>[0]);
    if (copy !== undefined) writeSync(copy, data);
    lengths[row] = length;
    sums[row] = sumOfWords(words) + BigInt(row);
    sum += sums[row]!;
  }
  await writer.finish();
  if (copy !== undefined) closeSync(copy);
  if (!isFixed) writeFileSync(join(folder, 'lengths.bin'), lengths);
  writeFileSync(join(folder, 'sums.bin'), sums);
  writeFileSync(
    join(folder, 'labels.bin'),
    BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)),
  );
  return { sum: BigInt.asUintN(64, sum), regions: await findRegions(folder) };
}

/** Where the field `x` lies in each shard. */
async function findRegions(folder: string): Promise<RowRegion[]> {
  const regions: RowRegion[] = [];
  const names = readdirSync(join(folder, 'shards')).filter((name) => name.endsWith('.zcs'));
  for (const name of names.sort()) {
    const path = join('shards', name);
    await using source = await fileSource(join(folder, path));
    const { footer } = await ShardReader.open(source);
    const layout = footer.layout.find(({ field }) => field.name === 'x')!;
    regions.push({ path, offsetBytes: layout.region.offset, rows: footer.samples });
  }
  return regions;
}

function lengthBetween({ min, max }: { min: number; max: number }, draw: number): number {
  return min + 8 * (draw % ((max - min) / 8 + 1));
}
