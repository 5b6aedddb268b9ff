import { isZcError, type ZcError } from '@zc/errors';
import { type FieldPlan, planFields } from '@zc/format';
import { type ReadResult, type RowColumn, RowTable, type ZeroCopyBuffer } from '@zc/io';
import type { BatchLayout } from '../batches/batch-layout.js';
import type { Shard } from '../shards/shard.js';
import type { ShardColumn } from '../shards/shard-column.js';
import type { ShardStore } from '../shards/shard-store.js';
import type { Check } from './plan.js';
import type { RowFinder } from './row-finder.js';
import type { ChosenWay } from './way-choice.js';

export interface ResidentRowsOptions {
  store: ShardStore;
  /** The fields that are read, by their place in the schema. */
  fieldNumbers: readonly number[];
}

/** How often it is looked whether the page cache still holds the shards; each of them has an answer for a second. */
const RENEW_INTERVAL_MS = 200;
/** Of the checksums that the table holds beside those in the index cache: 4 bytes a row. */
const CHECKSUM_BYTES_MAX = 2 ** 26;

/**
 * The rows of which nothing has to be asked any more: of fixed length, resident, and found right, or with checksums
 * that the engine compares with each copy. A batch of nothing but such rows needs no plan. Its ids go to the engine as
 * they are, and it knows where the rows lie (see `RowTable`).
 *
 * A shard comes in when a plan has shown that there was nothing to do for it but to copy, and leaves when the page
 * cache has let it go, its file was closed, or its map was found cut short or a row of it wrong. Whatever is out of the
 * ordinary is met by planned reads: they alone find, check and name.
 */
export class ResidentRows {
  readonly #store: ShardStore;
  readonly #fieldNumbers: readonly number[];
  readonly #rowBytes: readonly number[];
  /** Made with the first shard. */
  #table: RowTable | undefined;
  /** As it was when it came in: one that was opened anew has to be found right again. */
  readonly #shards = new Map<number, { shard: Shard; checksumBytes: number }>();
  /** In which a row was wrong: they stay out for as long as they are open. */
  readonly #damaged = new WeakSet<Shard>();
  /** Of the checksums of all shards that are in. */
  #checksumBytes = 0;
  /** When to look at the shards again. */
  #renewMs = 0;
  #places: { layout: BatchLayout; numbers: Float64Array } | undefined;

  /** Nothing where rows differ in length or are compressed, or where not all shards can be open at once. */
  static of({ store, fieldNumbers }: ResidentRowsOptions): ResidentRows | undefined {
    const all = planFields(store.schema);
    const plans = fieldNumbers.map((number) => all[number]!);
    const isPlain = ({ fixed, rowBytes, field }: FieldPlan) =>
      fixed && rowBytes > 0 && field.codec === 'none';
    if (!plans.every(isPlain) || store.infos.length > store.files.openMax) return undefined;
    return new ResidentRows({ store, fieldNumbers }, plans);
  }

  private constructor({ store, fieldNumbers }: ResidentRowsOptions, plans: readonly FieldPlan[]) {
    this.#store = store;
    this.#fieldNumbers = fieldNumbers;
    this.#rowBytes = plans.map(({ rowBytes }) => rowBytes);
  }

  /** Whether all of a batch can be had this way now. */
  holds(ids: Float64Array, nowMs: number): boolean {
    if (nowMs >= this.#renewMs) this.#renew(nowMs);
    return this.#shards.size > 0 && this.#table!.holds(ids);
  }

  /** Takes in those shards of a planned batch that are new to it: to be called once the batch has come. */
  newcomers({ ways }: RowFinder): (() => void) | undefined {
    const copied = ways.filter(
      ([number, { shard, isResident }]) =>
        isResident && this.#shards.get(number)?.shard !== shard && !this.#damaged.has(shard),
    );
    if (copied.length === 0) return undefined;
    return () => {
      for (const [number, way] of copied) this.#takeIn(number, way);
    };
  }

  /** Reads a batch that it holds (see `ReadEngine.readRows`). */
  read(slot: ZeroCopyBuffer, ids: Float64Array, layout: BatchLayout): Promise<ReadResult> {
    return this.#store.files.readRows(slot, this.#table!, ids, this.#placesIn(layout));
  }

  /** After a read that failed: lets the shard with the wrong row go, or all of them; the sound ones come in again. */
  distrust({ code, path }: ZcError): void {
    const isChecksum = code === 'ZC_IO_CHECKSUM';
    for (const [number, { shard }] of this.#shards) {
      if (isChecksum && shard.path !== path) continue;
      if (isChecksum) this.#damaged.add(shard);
      this.#remove(number);
    }
  }

  /** Takes in a shard, if all of its rows can be copied as they lie. */
  #takeIn(number: number, { shard, check }: ChosenWay): void {
    // Another batch that was on its way at the same time may have been first.
    if (this.#shards.get(number)?.shard === shard || this.#damaged.has(shard)) return;
    const columns = this.#fieldNumbers.map((fieldNumber) => shard.columns[fieldNumber]!);
    // Of labels alone there is nothing for the engine to read, in whatever way.
    if (columns.every(({ small }) => small !== undefined)) return;
    const places = columns.map((column) => placeOf(column, check));
    if (!places.every((place) => place !== undefined)) return;
    const checksumBytes = checksumBytesOf(places);
    if (this.#checksumBytes + checksumBytes > CHECKSUM_BYTES_MAX) return;
    const { files, firstSamples: firstRows } = this.#store;
    this.#table ??= new RowTable({ firstRows, rowBytes: this.#rowBytes });
    try {
      files.addRows(this.#table, number, shard.path, places);
      if (this.#shards.has(number)) this.#forget(number);
      this.#shards.set(number, { shard, checksumBytes });
      this.#checksumBytes += checksumBytes;
    } catch (error) {
      // It cannot be mapped, or not be opened again: planned reads do without, or say why not.
      if (!isZcError(error)) throw error;
    }
  }

  /** Without an answer the last one stays: of a row that has gone since, the copying thread waits for the page. */
  #renew(nowMs: number): void {
    this.#renewMs = nowMs + RENEW_INTERVAL_MS;
    for (const [number, { shard }] of this.#shards) {
      const isOther = this.#store.opened(number) !== shard;
      if (isOther || shard.isCold(this.#fieldNumbers, nowMs)) this.#remove(number);
    }
  }

  #remove(number: number): void {
    this.#table!.remove(number);
    this.#forget(number);
  }

  #forget(number: number): void {
    this.#checksumBytes -= this.#shards.get(number)!.checksumBytes;
    this.#shards.delete(number);
  }

  #placesIn(layout: BatchLayout): Float64Array {
    if (this.#places?.layout !== layout) {
      const numbers = Float64Array.from([layout.indicesAt, ...layout.fields.map(({ offset }) => offset)]);
      this.#places = { layout, numbers };
    }
    return this.#places.numbers;
  }
}

function checksumBytesOf(places: readonly RowColumn[]): number {
  const checked = places.filter((place) => typeof place === 'object' && 'checksums' in place);
  return checked.reduce((sum, { checksums }) => sum + checksums.byteLength, 0);
}

/** Nothing where rows are yet to be found right, or where what they must sum to is not in memory. */
function placeOf(column: ShardColumn, check: Check): RowColumn | undefined {
  const { small, layout, checked } = column;
  if (small !== undefined) return small.holds(0) ? small.at(0) : undefined;
  const { offset } = layout.region;
  if (check !== 'all') return check === 'none' || checked.full ? offset : undefined;
  const checksums = column.rowChecksums();
  return checksums && { offset, checksums };
}
