import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fastDigests } from '@zc/convert';
import { defineSchema, field } from '@zc/format';
import { DatasetWriter } from '@zc/format/node';

/** Sets of rows, each row random bytes with an `int64` label. Cold sets are larger than a disk's own caches. */
const SETS = {
  'rows-3k': { rows: 50_000, rowBytes: 3_072 },
  'rows-110k': { rows: 6_000, rowBytes: 112_640 },
  'rows-110k-cold': { rows: 20_000, rowBytes: 112_640 },
  'rows-3k-cold': { rows: 700_000, rowBytes: 3_072 },
} as const;

export type DataName = keyof typeof SETS;

/** The end of a file, from an offset on. */
export interface Region {
  readonly path: string;
  readonly offsetBytes: number;
}

/** Where one set lies, in each form that some contender reads. */
export interface DataSet {
  readonly name: string;
  readonly rows: number;
  readonly rowBytes: number;
  /** A dataset of shards with a field of `rowBytes` bytes a row and the field `label` (int64). */
  readonly shards: string;
  /** The rows back to back. */
  readonly flat: Region;
  /** The labels, little-endian int64. */
  readonly labels: Region;
  /** Sum over all rows and labels as 64-bit words, wrapping: what every contender must arrive at. */
  readonly sum: string;
}

/** Rows of a smoke run: enough for several batches, little enough for a test. */
const SMOKE_ROWS = 512;
const SEED = 0x5a43;
const CHUNK_BYTES = 8 * 2 ** 20;

/** The folder of the generated sets: `ZC_BENCH_DATA`, or a folder in the user's cache. */
export function dataFolder(): string {
  return (
    process.env.ZC_BENCH_DATA ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'zc-loader', 'bench')
  );
}

/**
 * Makes a set once and checks its digests on every later use.
 *
 * @param smoke - a set of 512 rows under another name
 * @param onProgress - told in words what is being made
 */
export async function prepareData(
  name: DataName,
  smoke: boolean,
  onProgress: (text: string) => void,
): Promise<DataSet> {
  const { rowBytes, rows: fullRows } = SETS[name];
  const rows = smoke ? SMOKE_ROWS : fullRows;
  const folder = join(dataFolder(), smoke ? `${name}-smoke` : name);
  const description = join(folder, 'set.json');
  if (existsSync(description)) {
    const set = JSON.parse(readFileSync(description, 'utf8')) as DataSet & { digest: string };
    if (isIntact(set, rows, rowBytes)) return set;
    onProgress(`${name}: made by another version or damaged, made again`);
    rmSync(folder, { recursive: true });
  }
  onProgress(`${name}: writing ${((rows * rowBytes) / 1e6).toFixed(0)} MB twice into ${folder} (once only)`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const { sum, digest } = await writeRows(partial, rows, rowBytes);
  const set: DataSet & { digest: string } = {
    name,
    rows,
    rowBytes,
    shards: join(folder, 'shards'),
    flat: { path: join(folder, 'rows.bin'), offsetBytes: 0 },
    labels: { path: join(folder, 'labels.bin'), offsetBytes: 0 },
    sum: sum.toString(),
    digest,
  };
  writeFileSync(join(partial, 'set.json'), `${JSON.stringify(set, null, 2)}\n`);
  renameSync(partial, folder);
  return set;
}

/** Sizes and the manifest's digest; the bytes themselves are checked by every contender's sum. */
function isIntact(set: DataSet & { digest: string }, rows: number, rowBytes: number): boolean {
  return (
    set.rows === rows &&
    set.rowBytes === rowBytes &&
    existsSync(set.flat.path) &&
    statSync(set.flat.path).size === rows * rowBytes &&
    statSync(set.labels.path).size === rows * 8 &&
    existsSync(join(set.shards, 'dataset.json')) &&
    manifestDigest(set.shards) === set.digest
  );
}

function manifestDigest(shards: string): string {
  return createHash('sha256')
    .update(readFileSync(join(shards, 'dataset.json')))
    .digest('hex');
}

async function writeRows(
  folder: string,
  rows: number,
  rowBytes: number,
): Promise<{ sum: bigint; digest: string }> {
  const schema = defineSchema({ x: field.tensor('uint8', [rowBytes]), label: field.scalar('int64') });
  const shards = join(folder, 'shards');
  const writer = await DatasetWriter.create(shards, { schema, digests: fastDigests() });
  const flat = await open(join(folder, 'rows.bin'), 'w');
  const chunk = new Uint8Array(Math.max(1, Math.floor(CHUNK_BYTES / rowBytes)) * rowBytes);
  const random = new Xorshift128(SEED);
  let sum = 0n;
  try {
    for (let row = 0; row < rows; ) {
      const count = Math.min(chunk.length / rowBytes, rows - row);
      const words = new Uint32Array(chunk.buffer, 0, (count * rowBytes) / 4);
      random.fill(words);
      sum += sumOfWords(words);
      await flat.write(chunk, 0, count * rowBytes);
      for (let i = 0; i < count; i += 1, row += 1) {
        const data = chunk.subarray(i * rowBytes, (i + 1) * rowBytes);
        await writer.append({ x: { data, shape: [rowBytes], dtype: 'uint8' }, label: BigInt(row) });
      }
    }
    await flat.sync();
  } finally {
    await flat.close();
  }
  await writer.finish();
  const labels = BigInt64Array.from({ length: rows }, (_, row) => BigInt(row));
  writeFileSync(join(folder, 'labels.bin'), new Uint8Array(labels.buffer));
  const labelSum = (BigInt(rows) * BigInt(rows - 1)) / 2n;
  return { sum: BigInt.asUintN(64, sum + labelSum), digest: manifestDigest(shards) };
}

/**
 * Sum of 64-bit words given as pairs of 32-bit ones, at most 2^21 of them: halves are added apart, as doubles
 * that are exact up to 2^53.
 */
export function sumOfWords(words: Uint32Array): bigint {
  let low = 0;
  let high = 0;
  for (let i = 0; i < words.length; i += 2) {
    low += words[i]!;
    high += words[i + 1]!;
  }
  return BigInt(low) + (BigInt(high) << 32n);
}

/** Marsaglia's xorshift128: incompressible bytes, the same on every machine. */
class Xorshift128 {
  #state: [number, number, number, number];

  constructor(seed: number) {
    this.#state = [seed, 362436069, 521288629, 88675123];
  }

  fill(words: Uint32Array): void {
    let [x, y, z, w] = this.#state;
    for (let i = 0; i < words.length; i += 1) {
      const t = x ^ (x << 11);
      x = y;
      y = z;
      z = w;
      w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) | 0;
      words[i] = w >>> 0;
    }
    this.#state = [x, y, z, w];
  }
}
