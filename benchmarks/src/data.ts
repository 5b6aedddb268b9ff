import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from './folders.js';
import { type RowKind, type RowLengths, writeRows } from './row-writer.js';

/**
 * Sets of rows, each row random bytes with an `int64` label; of `tokens`, documents of random `uint16`. Cold sets are larger than a disk's own caches, and
 * exist as shards alone; of the warm ones there is a flat copy for rivals that map one array.
 */
const SETS = {
  'rows-64': { rows: 100_000, rowBytes: 64, flat: false },
  'rows-3k': { rows: 50_000, rowBytes: 3_072, flat: true },
  'rows-110k': { rows: 6_000, rowBytes: 112_640, flat: true },
  'rows-3k-cold': { rows: 700_000, rowBytes: 3_072, flat: false },
  'rows-110k-cold': { rows: 20_000, rowBytes: 112_640, flat: false },
  'rows-jpeg-cold': { rows: 20_000, rowBytes: { min: 20_480, max: 204_800 }, flat: false },
  tokens: { rows: 100_000, rowBytes: { min: 128, max: 4_096 }, flat: true, dtype: 'uint16' },
} as const satisfies Record<string, RowKind & { rows: number }>;

export type DataName = keyof typeof SETS;

/** The end of a file, from an offset on. */
export interface Region {
  readonly path: string;
  readonly offsetBytes: number;
}

/** Rows that lie back to back in one file. */
export interface RowRegion extends Region {
  readonly rows: number;
}

/** Where one set lies, in each form that some contender reads. */
export interface DataSet {
  readonly name: string;
  readonly rows: number;
  /** Of rows that differ in length, the mean. */
  readonly rowBytes: number;
  /** A dataset of shards with a field of bytes or tokens, `x`, and the field `label` (int64). */
  readonly shards: string;
  /** The same rows in the same files, for rivals that bring no format: region after region. */
  readonly regions: readonly RowRegion[];
  /** Where rows differ in length: a file of their lengths, little-endian uint32. */
  readonly lengths?: string;
  /** All rows in one file, where there is one. */
  readonly flat?: Region;
  /** The labels, little-endian int64. */
  readonly labels: Region;
  /** Sum over all rows and labels as 64-bit words, wrapping: what every contender must arrive at. */
  readonly sum: string;
  /** The same of each row with its label, in a file of little-endian uint64. */
  readonly rowSums?: string;
}

interface StoredSet extends DataSet {
  readonly version: number;
  readonly digest: string;
}

/** Rises when sets are made in another way. */
const VERSION = 2;
/** Rows of a smoke run: enough for several batches, little enough for a test. */
const SMOKE_ROWS = 512;

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
  const { rows: fullRows, ...kind } = SETS[name];
  const { rowBytes, flat } = kind;
  const rows = smoke ? SMOKE_ROWS : fullRows;
  const folder = join(dataFolder(), smoke ? `${name}-smoke` : name);
  const description = join(folder, 'set.json');
  if (existsSync(description)) {
    const set = JSON.parse(readFileSync(description, 'utf8')) as StoredSet;
    if (isIntact(set, rows, rowBytes)) return set;
    onProgress(`${name}: made by another version or damaged, made again`);
    rmSync(folder, { recursive: true });
  }
  const bytes = rows * meanBytes(rowBytes) * (flat ? 2 : 1);
  onProgress(`${name}: writing ${(bytes / 1e6).toFixed(0)} MB into ${folder} (once only)`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const { sum, regions } = await writeRows(partial, rows, kind);
  const set: StoredSet = {
    version: VERSION,
    name,
    rows,
    rowBytes: meanBytes(rowBytes),
    shards: join(folder, 'shards'),
    regions: regions.map((region) => ({ ...region, path: join(folder, region.path) })),
    ...(typeof rowBytes !== 'number' && { lengths: join(folder, 'lengths.bin') }),
    ...(flat && { flat: { path: join(folder, 'rows.bin'), offsetBytes: 0 } }),
    labels: { path: join(folder, 'labels.bin'), offsetBytes: 0 },
    rowSums: join(folder, 'sums.bin'),
    sum: sum.toString(),
    digest: manifestDigest(join(partial, 'shards')),
  };
  writeFileSync(join(partial, 'set.json'), `${JSON.stringify(set, null, 2)}\n`);
  renameSync(partial, folder);
  return set;
}

/** Sizes and the manifest's digest; the bytes themselves are checked by every contender's sum. */
function isIntact(set: StoredSet, rows: number, rowBytes: RowLengths): boolean {
  return (
    set.version === VERSION &&
    set.rows === rows &&
    set.rowBytes === meanBytes(rowBytes) &&
    (set.flat === undefined || sizeOf(set.flat.path) === bytesOfRows(set)) &&
    sizeOf(set.labels.path) === rows * 8 &&
    sizeOf(set.rowSums!) === rows * 8 &&
    existsSync(join(set.shards, 'dataset.json')) &&
    manifestDigest(set.shards) === set.digest
  );
}

function bytesOfRows({ rows, rowBytes, lengths }: DataSet): number {
  if (lengths === undefined) return rows * rowBytes;
  return new Uint32Array(new Uint8Array(readFileSync(lengths)).buffer).reduce(
    (sum, length) => sum + length,
    0,
  );
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function meanBytes(rowBytes: RowLengths): number {
  return typeof rowBytes === 'number' ? rowBytes : (rowBytes.min + rowBytes.max) / 2;
}

function manifestDigest(shards: string): string {
  return createHash('sha256')
    .update(readFileSync(join(shards, 'dataset.json')))
    .digest('hex');
}
