import { MissingRuns } from '../shards/missing-runs.js';
import type { Shard } from '../shards/shard.js';
import type { ShardColumn } from '../shards/shard-column.js';
import type { ShardStore } from '../shards/shard-store.js';
import { SortedIds, shardOf } from './sorted-ids.js';
import type { ChosenWay } from './way-choice.js';

export interface RowFinderOptions {
  store: ShardStore;
  /** The fields that are read, by their place in the schema. */
  fieldNumbers: readonly number[];
  /** How the rows of a shard are to be read. */
  choose(shard: Shard, nowMs: number): ChosenWay;
}

/** The rows of one field that lie in one shard: `rows[first … end - 1]` of the sorted ids. */
export type VisitColumn = (
  column: ShardColumn,
  way: ChosenWay,
  first: number,
  end: number,
  fieldIndex: number,
  shardNumber: number,
) => void;

/**
 * Finds out where the rows of a batch lie and what they must sum to.
 *
 * What it lacks is read asynchronously, and then it is called again: each step gives a promise where that is so.
 */
export class RowFinder {
  /** Of the batch that was taken last. */
  readonly ids: SortedIds;
  readonly #options: RowFinderOptions;
  /** One a run of `ids`. */
  readonly #ways: ChosenWay[] = [];

  constructor(options: RowFinderOptions) {
    this.#options = options;
    this.ids = new SortedIds(options.store.firstSamples);
  }

  /** Takes the ids of a batch, and opens their shards. */
  open(ids: Float64Array): Promise<unknown> | undefined {
    const { store, choose } = this.#options;
    this.ids.sort(ids);
    const closed = this.ids.runShards.filter((number) => store.opened(number) === undefined);
    if (closed.length > 0) return Promise.all(closed.map((number) => store.open(number)));
    const nowMs = performance.now();
    this.#ways.length = 0;
    for (const number of this.ids.runShards) this.#ways.push(choose(store.opened(number)!, nowMs));
    return undefined;
  }

  /** Where the rows lie; small regions as a whole. */
  findPlaces(use: number): Promise<unknown> | undefined {
    const missing = new MissingRuns();
    this.eachColumn((column, _way, first, end) => {
      if (column.small !== undefined) column.needSmall(missing, use);
      else if (!column.layout.fixed) column.needPlaces(this.ids.rows, first, end, missing, use);
    });
    return missing.none ? undefined : missing.load();
  }

  /** What the rows must sum to, as far as they are checked; to be called when their places are known. */
  findChecksums(use: number): Promise<unknown> | undefined {
    const missing = new MissingRuns();
    this.eachColumn((column, { check }, first, end) => {
      if (column.small !== undefined || check === 'none') return;
      column.needChecksums(this.ids.rows, first, end, { all: check === 'all', missing, use });
    });
    return missing.none ? undefined : missing.load();
  }

  /** How the rows of each shard of the batch are read, with the shard's number. */
  get ways(): [shardNumber: number, way: ChosenWay][] {
    return this.ids.runShards.map((number, run) => [number, this.#ways[run]!]);
  }

  /** Field by field, and for each of them shard by shard. */
  eachColumn(visit: VisitColumn): void {
    const { fieldNumbers } = this.#options;
    const { runShards, runStarts } = this.ids;
    for (let fieldIndex = 0; fieldIndex < fieldNumbers.length; fieldIndex++) {
      for (let run = 0; run < this.#ways.length; run++) {
        const way = this.#ways[run]!;
        const column = way.shard.columns[fieldNumbers[fieldIndex]!]!;
        visit(column, way, runStarts[run]!, runStarts[run + 1]!, fieldIndex, runShards[run]!);
      }
    }
  }

  /** The rows of one field in the batch, in the order of their shards. */
  eachRow(fieldIndex: number, visit: (column: ShardColumn, row: number, position: number) => void): void {
    const { rows, positions, runStarts } = this.ids;
    this.#ways.forEach(({ shard }, run) => {
      const column = shard.columns[this.#options.fieldNumbers[fieldIndex]!]!;
      for (let i = runStarts[run]!; i < runStarts[run + 1]!; i++) visit(column, rows[i]!, positions[i]!);
    });
  }

  /** Where a sample's row of a field is stored, whatever batch was taken last. */
  async placeOf(id: number, fieldIndex: number): Promise<{ column: ShardColumn; row: number }> {
    const { store, fieldNumbers } = this.#options;
    const shardNumber = shardOf(id, store.firstSamples);
    await store.open(shardNumber);
    const column = store.opened(shardNumber)!.columns[fieldNumbers[fieldIndex]!]!;
    return { column, row: id - store.firstSamples[shardNumber]! };
  }
}
