import type { FileRange } from '@zc/io';
import type { Run } from '../order/block-order.js';
import { shardOf } from '../reading/sorted-ids.js';
import { MissingRuns } from './missing-runs.js';
import type { Shard } from './shard.js';
import type { ShardStore } from './shard-store.js';

/** Brings runs of neighbouring rows into the page cache. */
export interface RunReader {
  /**
   * Resolves when the run is there. A range that cannot be read is passed over: the batches that have rows of it
   * report it.
   *
   * @throws what opening a shard and reading its tables throws
   */
  bring(run: Run): Promise<void>;
}

/** Brings runs of samples, each field of a shard by one range. */
export class SampleRunReader implements RunReader {
  readonly #store: ShardStore;
  readonly #fieldNumbers: readonly number[];

  constructor(store: ShardStore, fieldNumbers: readonly number[]) {
    this.#store = store;
    this.#fieldNumbers = fieldNumbers;
  }

  async bring({ first, length }: Run): Promise<void> {
    const { firstSamples, infos, files } = this.#store;
    for (let id = first; id < first + length; ) {
      const number = shardOf(id, firstSamples);
      const rowEnd = Math.min(first + length, firstSamples[number + 1]!) - firstSamples[number]!;
      await this.#store.open(number);
      const shard = this.#store.opened(number);
      if (shard !== undefined && !shard.isResident(this.#fieldNumbers, performance.now())) {
        const ranges = await this.#rangesOf(shard, id - firstSamples[number]!, rowEnd - 1);
        await files.bring(infos[number]!.path, ranges).catch(() => {});
      }
      id = firstSamples[number]! + rowEnd;
    }
    this.#store.trim();
  }

  /** Where the rows from `first` to `last` of a shard lie. */
  async #rangesOf(shard: Shard, first: number, last: number): Promise<FileRange[]> {
    const { cache } = this.#store;
    const columns = this.#fieldNumbers.map((number) => shard.columns[number]!);
    const ends = Float64Array.of(first, last);
    const use = cache.begin();
    try {
      for (;;) {
        const missing = new MissingRuns();
        for (const column of columns) {
          if (!column.layout.fixed) column.needPlaces(ends, 0, 2, missing, use);
        }
        if (missing.none) break;
        await missing.load();
      }
      return columns.flatMap(({ layout, small }, i) => {
        const { fixed, region, rowBytes } = layout;
        if (small !== undefined) return [];
        const column = columns[i]!;
        const offset = fixed ? region.offset + first * rowBytes : column.start(first);
        const end = fixed ? region.offset + (last + 1) * rowBytes : column.end(last);
        return end > offset ? [{ offset, length: end - offset }] : [];
      });
    } finally {
      cache.end(use);
    }
  }
}
