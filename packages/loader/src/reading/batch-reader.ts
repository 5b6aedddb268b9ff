import { abortedError, isZcError, type ZcError } from '@zc/errors';
import { type FieldPlan, planFields, shapeOfRow } from '@zc/format';
import type { ReadResult, ZeroCopyBuffer } from '@zc/io';
import {
  type BatchLayout,
  layOut,
  type VariableRows,
  withFrames,
  writeNumbers,
} from '../batches/batch-layout.js';
import { planNamed } from '../batches/named-plan.js';
import { Padding, type PadFields } from '../batches/padding.js';
import { PAGE_BYTES, roundUp } from '../pages.js';
import type { Shard } from '../shards/shard.js';
import type { ShardStore } from '../shards/shard-store.js';
import { CheckLog } from './check-log.js';
import { decodedLength, decodedPlan, decodeRows, frameError } from './compressed-rows.js';
import type { RowFailure } from './corrupt-rows.js';
import { planRows, readTag } from './plan.js';
import { PlanWriter } from './plan-writer.js';
import type { Reader } from './reader.js';
import { ResidentRows } from './resident-rows.js';
import { rowErrorOf } from './row-error.js';
import { RowFinder } from './row-finder.js';
import { copySmallRows } from './small-rows.js';
import { chooseWay, type WayOptions } from './way-choice.js';

export interface BatchReaderOptions extends WayOptions {
  store: ShardStore;
  pad?: PadFields | undefined;
  skips?: boolean | undefined;
}

/**
 * Plans and reads batches of rows.
 *
 * Planning goes in two steps. `prepare` finds out where the rows lie and what they must sum to; what it lacks
 * is read asynchronously and then it is called again. `read` turns that into one plan and hands it to the
 * engine. Rows that need only be copied go without a plan (see `ResidentRows`): `prepare` decides that, for a whole
 * batch. Compressed rows are read as they are stored, to a place of their own in the slot, and then decoded.
 */
export class BatchReader implements Reader {
  /** Of rows as batches have them: decoded. */
  readonly plans: readonly FieldPlan[];
  readonly paddings: ReadonlyMap<string, Padding>;
  readonly #options: BatchReaderOptions;
  readonly #finder: RowFinder;
  readonly #plan: PlanWriter;
  readonly #resident: ResidentRows | undefined;
  /** Whether the prepared batch goes without a plan. */
  #isPlain = false;
  #layout: BatchLayout | undefined;
  #fixedLayout: { length: number; layout: BatchLayout } | undefined;

  constructor(options: BatchReaderOptions) {
    const { store, fieldNumbers } = options;
    const plans = planFields(store.schema).map(decodedPlan);
    this.#options = options;
    this.#plan = new PlanWriter({ joins: options.skips !== true, rules: store.rules });
    this.plans = fieldNumbers.map((number) => plans[number]!);
    this.paddings = new Map(
      Object.entries(options.pad ?? {}).map(([name, pad]) => {
        return [name, new Padding(planNamed(this.plans, name, 'pad'), pad)];
      }),
    );
    const choose = (shard: Shard, nowMs: number) => chooseWay(shard, options, nowMs);
    this.#finder = new RowFinder({ store, fieldNumbers, choose });
    // Those who ask for it are given a read of every row.
    this.#resident = options.mode === 'direct' ? undefined : ResidentRows.of(options);
  }

  /** Of rows that are stored with variable lengths it is twice what the sizes of the files say. */
  expectedBytes(samples: number): number {
    const { infos, samples: all } = this.#options.store;
    const fixed = this.plans.reduce((sum, { rowBytes }) => sum + roundUp(rowBytes * samples, PAGE_BYTES), 0);
    const total = infos.reduce((sum, { bytes }) => sum + bytes, 0);
    const isVariable = this.plans.some((plan, i) => !plan.fixed || this.#isCompressed(i));
    const variable = isVariable ? (2 * total * samples) / Math.max(1, all) : 0;
    return roundUp(fixed + variable + samples * 8, PAGE_BYTES);
  }

  prepare(ids: Float64Array, use: number): Promise<unknown> | undefined {
    this.#isPlain = this.#resident?.holds(ids, performance.now()) ?? false;
    return this.#isPlain ? this.#layOut(ids) : this.#findRows(ids, use);
  }

  get layout(): BatchLayout {
    return this.#layout!;
  }

  async read(slot: ZeroCopyBuffer, ids: Float64Array, signal: AbortSignal | undefined): Promise<ReadResult> {
    if (!this.#isPlain) return this.#readPlanned(slot, ids, signal);
    try {
      const result = await this.#resident!.read(slot, ids, this.layout);
      // Listening for it during each of these reads would take longer than many of them.
      if (signal?.aborted) throw abortedError('the read', signal);
      return result;
    } catch (error) {
      if (!isZcError(error, 'ZC_IO_POISONED') && !isZcError(error, 'ZC_IO_CHECKSUM')) throw error;
      this.#resident!.distrust(error);
    }
    return this.#readAfresh(slot, ids, signal);
  }

  async rowFailures(failures: readonly ZcError[], ids: Float64Array): Promise<RowFailure[]> {
    const { store } = this.#options;
    const found: RowFailure[] = [];
    for (const failure of failures) {
      const { tag, row: badRow } = failure.details;
      // Of what was read and does not decode that row alone is at fault.
      const isFrame = tag === undefined;
      const { fieldNumber, row: failed } = isFrame
        ? { fieldNumber: this.#options.fieldNumbers[0]!, row: badRow as number }
        : readTag(tag as number);
      const error = this.#named(failure) as ZcError;
      for (const [shardNumber, { path }] of store.infos.entries()) {
        if (path !== failure.path) continue;
        const first = store.firstSamples[shardNumber]!;
        const end = store.firstSamples[shardNumber + 1]!;
        // One that is open is not read again: it may be the one that was cut short.
        if (store.opened(shardNumber) === undefined) await store.open(shardNumber);
        const column = store.opened(shardNumber)!.columns[fieldNumber]!;
        ids.forEach((id, place) => {
          if (id < first || id >= end) return;
          const row = id - first;
          if (row === failed || (!isFrame && column.sharesBlock(row, failure.offset!)))
            found.push({ row: place, error });
        });
      }
    }
    return found;
  }

  #findRows(ids: Float64Array, use: number): Promise<unknown> | undefined {
    const finder = this.#finder;
    return finder.open(ids) ?? finder.findPlaces(use) ?? this.#layOut(ids) ?? finder.findChecksums(use);
  }

  /** Reads a batch by a plan although it was not prepared for that: a plan tells which rows cannot be had. */
  async #readAfresh(
    slot: ZeroCopyBuffer,
    ids: Float64Array,
    signal: AbortSignal | undefined,
  ): Promise<ReadResult> {
    const { cache } = this.#options.store;
    const use = cache.begin();
    try {
      for (let missing = this.#findRows(ids, use); missing !== undefined; ) {
        await missing;
        missing = this.#findRows(ids, use);
      }
      return await this.#readPlanned(slot, ids, signal);
    } finally {
      cache.end(use);
    }
  }

  async #readPlanned(
    slot: ZeroCopyBuffer,
    ids: Float64Array,
    signal: AbortSignal | undefined,
  ): Promise<ReadResult> {
    const { store, skips } = this.#options;
    const failures = skips ? 'collect' : 'first';
    const layout = this.layout;
    const log = new CheckLog();
    const { buffer } = slot;
    this.#plan.clear();
    this.#planFields(buffer, log);
    writeNumbers(buffer, layout, ids);
    const newcomers = this.#resident?.newcomers(this.#finder);
    const reading =
      this.#plan.pieceCount === 0
        ? NOTHING_READ
        : store.read(slot, this.#plan.finish(), { ...(signal && { signal }), failures });
    try {
      const result = await reading;
      if (result.failures.length === 0) {
        log.commit();
        newcomers?.();
      }
      return await this.#decode(slot, layout, { ids, result });
    } catch (error) {
      throw this.#named(error);
    }
  }

  #layOut(ids: Float64Array): undefined {
    const { length } = ids;
    if (this.#fixedLayout?.length === length) {
      this.#layout = this.#fixedLayout.layout;
      return;
    }
    const variable = this.plans.map((plan, i) => (plan.fixed ? undefined : this.#variableRows(plan, i, ids)));
    const frames = this.plans.map((_, i) =>
      this.#isCompressed(i) ? this.#frameOffsets(i, length) : undefined,
    );
    this.#layout = withFrames(layOut(this.plans, length, variable), frames);
    const isFixed = [...variable, ...frames].every((rows) => rows === undefined);
    if (isFixed) this.#fixedLayout = { length, layout: this.#layout };
  }

  #isCompressed(fieldIndex: number): boolean {
    const { store, fieldNumbers } = this.#options;
    return store.schema.fields[fieldNumbers[fieldIndex]!]!.codec !== 'none';
  }

  /** Where the frames of a compressed field are to lie, one behind the other. */
  #frameOffsets(fieldIndex: number, length: number): Float64Array {
    const lengths = new Float64Array(length);
    this.#finder.eachRow(fieldIndex, (column, row, position) => {
      // Also asked of rows of fixed shape, whose own length is not looked at.
      decodedLength(column, row);
      lengths[position] = column.rowLength(row);
    });
    return Float64Array.from(runningSum(lengths));
  }

  /** Where the rows of a variable field begin in the batch, and their ragged dimensions. */
  #variableRows(plan: FieldPlan, fieldIndex: number, ids: Float64Array): VariableRows {
    const { length } = ids;
    const { elementBytes, raggedDims, storesDims, stepBytes } = plan;
    const perRow = raggedDims.length;
    const lengths = new Float64Array(length);
    const dims = storesDims ? new Float64Array(length * perRow) : undefined;
    const isCompressed = this.#isCompressed(fieldIndex);
    this.#finder.eachRow(fieldIndex, (column, row, position) => {
      const rowBytes = isCompressed ? decodedLength(column, row) : column.rowLength(row);
      let shapeBytes = dims === undefined ? rowBytes - (rowBytes % stepBytes) : stepBytes;
      for (let k = 0; dims !== undefined && k < perRow; k++) {
        const extent = column.dim(row, k);
        dims[position * perRow + k] = extent;
        shapeBytes *= extent;
      }
      if (shapeBytes !== rowBytes) {
        const rowDims = dims?.subarray(position * perRow, (position + 1) * perRow);
        shapeOfRow(plan, rowBytes, rowDims, { name: column.path, row, offset: column.start(row) });
      }
      lengths[position] = rowBytes / elementBytes;
    });
    const padded = this.paddings.get(plan.field.name)?.place(lengths, (row) => ids[row]!);
    return { offsets: runningSum(lengths), dims, padded };
  }

  #planFields(buffer: ArrayBuffer, log: CheckLog): void {
    const { rows, positions } = this.#finder.ids;
    const { fields } = this.layout;
    this.#finder.eachColumn((column, { way, check }, first, end, fieldIndex, shardNumber) => {
      // Not taken apart with a rest: that would copy the span for every field of every shard.
      const { variable, frames, offset } = fields[fieldIndex]!;
      const slotOffset = frames?.offset ?? offset;
      if (column.small !== undefined) {
        const { rowBytes } = column.layout;
        copySmallRows({
          from: column.small.at(0),
          rowBytes,
          rows,
          positions,
          first,
          end,
          buffer,
          slotOffset,
        });
        return;
      }
      const offsets = frames?.offsets ?? variable?.offsets;
      const starts = frames?.offsets ?? variable?.padded?.starts ?? offsets;
      planRows(this.#plan, {
        column,
        file: shardNumber,
        way,
        rows,
        positions,
        first,
        end,
        slotOffset,
        offsets,
        starts,
        check,
        log,
      });
    });
  }

  /** Decodes what was read of compressed fields; rows that failed are passed over, and further ones may fail. */
  async #decode(
    slot: ZeroCopyBuffer,
    layout: BatchLayout,
    { ids, result }: { ids: Float64Array; result: ReadResult },
  ): Promise<ReadResult> {
    const failures = [...result.failures];
    if (layout.fields.every(({ frames }) => frames === undefined)) return result;
    const gone = new Set((await this.rowFailures(failures, ids)).map(({ row }) => row));
    for (const [fieldIndex, span] of layout.fields.entries()) {
      if (span.frames === undefined) continue;
      for (let first = 0; first < ids.length; ) {
        const bad = await decodeRows(slot, span, { first, gone });
        if (bad === undefined) break;
        const { offset, offsets } = span.frames;
        const begin = offset + offsets[bad.row]!;
        const frame = new Uint8Array(slot.buffer, begin, offset + offsets[bad.row + 1]! - begin);
        const { column, row } = await this.#finder.placeOf(ids[bad.row]!, fieldIndex);
        const error = frameError(column, row, frame, bad.error);
        if (!this.#options.skips) throw error;
        failures.push(error);
        first = bad.row + 1;
      }
    }
    return { ...result, failures };
  }

  /** The engine knows pieces and tags; the user knows fields and rows. */
  #named(error: unknown): unknown {
    if (!isZcError(error) || error.details.tag === undefined) return error;
    const { fieldNumber, row } = readTag(error.details.tag as number);
    const field = this.#options.store.schema.fields[fieldNumber]!.name;
    return rowErrorOf(error, { field, row });
  }
}

/** The result of a batch that needed no read. */
export const NOTHING_READ: ReadResult = {
  bytesDirect: 0,
  bytesStaged: 0,
  bytesCopied: 0,
  bytesResident: 0,
  readMs: 0,
  checkMs: 0,
  copyMs: 0,
  failures: [],
};

/** From n lengths to n + 1 offsets. */
function runningSum(lengths: Float64Array): Int32Array | Float64Array {
  let sum = 0;
  const offsets = new Float64Array(lengths.length + 1);
  for (let i = 0; i < lengths.length; i++) {
    sum += lengths[i]!;
    offsets[i + 1] = sum;
  }
  return sum < 2 ** 31 ? Int32Array.from(offsets) : offsets;
}
