import { type FileRange, READ_WAYS } from '@zc/io';
import { type MappedBatch, MappedBatchBase } from '../batches/mapped-batch.js';
import { RowValues, storedValue } from '../shards/row-values.js';
import type { Shard } from '../shards/shard.js';
import type { ShardColumn } from '../shards/shard-column.js';
import type { ShardStore } from '../shards/shard-store.js';
import { RowFinder } from './row-finder.js';
import { shardOf } from './sorted-ids.js';
import { type ChosenWay, chooseMapped, type Verify } from './way-choice.js';

export interface MappedReaderOptions {
  store: ShardStore;
  /** The fields that batches have, by their place in the schema. */
  fieldNumbers: readonly number[];
  verify: Verify;
}

/**
 * Makes batches whose values are views of the mapped files.
 *
 * A touch of a page that is not in memory would stop the event loop for as long as the device takes. So the engine
 * brings the pages of all rows that may be cold into the page cache, and the values are made when they are there.
 */
export class MappedReader {
  readonly #options: MappedReaderOptions;
  readonly #finder: RowFinder;
  readonly #values: RowValues;

  constructor(options: MappedReaderOptions) {
    const { store, fieldNumbers, verify } = options;
    this.#options = options;
    const choose = (shard: Shard, nowMs: number) => chooseMapped(shard, options, nowMs);
    this.#finder = new RowFinder({ store, fieldNumbers, choose });
    this.#values = new RowValues({ cache: store.cache, verify, brought: true });
  }

  /** What a batch of so many samples takes in its files, about. */
  expectedBytes(samples: number): number {
    const { infos, samples: all } = this.#options.store;
    return (infos.reduce((sum, { bytes }) => sum + bytes, 0) * samples) / Math.max(1, all);
  }

  /** See `Reader.prepare`; `bring` is to follow at once. */
  prepare(ids: Float64Array, use: number): Promise<unknown> | undefined {
    const finder = this.#finder;
    return finder.open(ids) ?? finder.findPlaces(use) ?? finder.findChecksums(use);
  }

  /**
   * Brings what the prepared batch needs and may not be resident into the page cache. What cannot be read is passed
   * over: whoever touches it is told.
   *
   * @returns how many bytes were asked for
   */
  async bring(): Promise<number> {
    const { infos, files } = this.#options.store;
    const ranges = new Map<number, FileRange[]>();
    let bytes = 0;
    this.#finder.eachColumn((column, way, first, end, _fieldIndex, shard) => {
      if (!isCold(way) || column.small !== undefined) return;
      const wanted = ranges.get(shard) ?? [];
      ranges.set(shard, wanted);
      const { rows } = this.#finder.ids;
      for (let i = first; i < end; i++) {
        const range = rangeOf(column, rows[i]!);
        const isAgain = i > first && rows[i] === rows[i - 1];
        if (range.length === 0 || isAgain) continue;
        wanted.push(range);
        bytes += range.length;
      }
    });
    this.#options.store.trim();
    const asked = Array.from(ranges, ([shard, wanted]) => files.bring(infos[shard]!.path, wanted));
    await Promise.allSettled(asked);
    return bytes;
  }

  /**
   * The values of a batch that was brought; checks each row as `verify` asks.
   *
   * @param use that of its `prepare`, not yet ended
   * @throws ZC_FORMAT_CHECKSUM naming file, field and row; ZC_IO_POISONED where a file was cut short; ZC_CLOSED
   */
  batchOf(ids: Float64Array, use: number): MappedBatch {
    const { store, fieldNumbers } = this.#options;
    const fields = fieldNumbers.map((number) => ({ number, values: [] as unknown[] }));
    for (const id of ids) {
      const number = shardOf(id, store.firstSamples);
      const shard = store.openNow(number);
      const row = id - store.firstSamples[number]!;
      shard.bytes.check();
      for (const field of fields) {
        field.values.push(this.#valueOf(shard, shard.columns[field.number]!, row, use));
      }
    }
    const name = (number: number) => store.schema.fields[number]!.name;
    const named = fields.map(({ number, values }) => [name(number), values] as const);
    return new MappedBatchBase(ids, Object.fromEntries(named)) as MappedBatch;
  }

  /** Small regions were read into the index cache, past the page cache, and checked there. */
  #valueOf(shard: Shard, column: ShardColumn, row: number, use: number): unknown {
    const { layout, small, path } = column;
    if (small === undefined || !small.has(0, use)) return this.#values.at(column, row, shard.bytes);
    const { region, rowBytes } = layout;
    const bytes = small.at(0).slice(row * rowBytes, (row + 1) * rowBytes);
    return storedValue(layout, bytes, [], { name: path, row, offset: region.offset + row * rowBytes });
  }
}

function isCold({ way }: ChosenWay): boolean {
  return way !== READ_WAYS['mapped-copy'];
}

function rangeOf(column: ShardColumn, row: number): FileRange {
  const { fixed, rowBytes, region } = column.layout;
  if (fixed) return { offset: region.offset + row * rowBytes, length: rowBytes };
  return { offset: column.start(row), length: column.rowLength(row) };
}
