import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import type { PadFields } from '../batches/padding.js';
import type { OrderOptions, Sequence } from '../order/sequence.js';
import type { CacheUse } from '../reading/cache-use.js';
import type { MappedReader } from '../reading/mapped-reader.js';
import type { Reader } from '../reading/reader.js';
import type { ReadMode, Verify } from '../reading/way-choice.js';
import type { RunReader } from '../shards/run-reader.js';
import type { ShardStore } from '../shards/shard-store.js';
import type { Dataset } from './dataset.js';

/** Under this name a source tells what a loader needs of it; outside the package it cannot be asked. */
export const sourceParts = Symbol('sourceParts');

/** Whatever a `DataLoader` draws from: a dataset, a part of one, several mixed, windows over its tokens. */
export abstract class Source<S extends Schema = Schema> {
  /** The fields that its batches can have. */
  abstract readonly schema: S;
  /** How many samples an epoch has. */
  abstract get length(): number;
  /** Identifies the samples and how they are chosen: a saved state fits sources with the same digest. */
  abstract get digest(): string;

  /** @internal */
  abstract [sourceParts](): SourceParts;
}

/** The inside of a source. */
export interface SourceParts {
  readonly rows: Rows;
  /** The order of one epoch, as numbers of `rows`. A pure function of its options. */
  sequence(options: OrderOptions): Sequence;
}

/** The inside of a source whose samples can be asked for by number. */
export interface IndexedParts extends SourceParts {
  /** Makes the source's own numbers, from 0 to `length - 1`, into those of `rows`: the first `count`, in place. */
  number(ids: Float64Array, count: number): void;
}

/** Numbered samples, and what reads them: the ids of every order and of every batch are such numbers. */
export interface Rows {
  /** Ids go from 0 to `length - 1`. */
  readonly length: number;
  /** What they take in their files on average; what a block of so many bytes is counted with. */
  readonly bytesPerRow: number;
  readonly store: ShardStore;
  readonly verify: Verify;
  /** How much of the page cache they may count on. */
  readonly pageCacheBudget: number;
  /** The one dataset that they belong to, where there is one. Windows belong to it too, but are not its samples. */
  readonly dataset: Dataset | undefined;
  createReader(options: ReaderOptions): Reader;
  /** @throws ZC_ARGUMENT where rows do not lie in the files as batches have them */
  createMappedReader(options: Pick<ReaderOptions, 'fields' | 'verify'>): MappedReader;
  /** What brings neighbouring rows into the page cache, with these fields of them; nothing where nothing can. */
  runReader(fields: readonly string[] | undefined): RunReader | undefined;
  /**
   * These rows, and behind them those of others, numbered through.
   *
   * @throws ZC_ARGUMENT where the others are of another kind or schema
   */
  join(others: readonly Rows[]): Rows;
}

/** How rows are read. */
export interface ReaderOptions {
  /** All of them where none are named. */
  fields: readonly string[] | undefined;
  mode: ReadMode;
  verify: Verify;
  /** Ragged fields that come as one padded tensor; none by default. */
  pad?: PadFields | undefined;
  /** Whether reads go on where rows fail, and tell which did; false by default. */
  skips?: boolean | undefined;
  /** Whether rows are brought into the page cache before they are read. */
  brought?: boolean | undefined;
  /** Whether a dataset that fits the page cache is read through it; always, where nobody judges. */
  cacheUse?: CacheUse | undefined;
}

/** @throws ZC_ARGUMENT where it is no source */
export function partsOf(source: Source): SourceParts {
  if (source instanceof Source) return source[sourceParts]();
  throw new ZcError('ZC_ARGUMENT', `a loader reads a Dataset, not ${String(source)}`, {
    advice: 'Open one with Dataset.open(path), or use DataLoader.open(path, options).',
  });
}
