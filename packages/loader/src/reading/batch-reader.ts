import { isZcError, ZcError } from '@zc/errors';
import { type FieldPlan, planFields, shapeOfRow } from '@zc/format';
import type { ReadResult, ZeroCopyBuffer } from '@zc/io';
import { type BatchLayout, layOut, type VariableRows, writeNumbers } from '../batches/batch-layout.js';
import { planNamed } from '../batches/named-plan.js';
import { Padding, type PadFields } from '../batches/padding.js';
import { PAGE_BYTES, roundUp } from '../pages.js';
import { MissingRuns } from '../shards/missing-runs.js';
import type { ShardColumn } from '../shards/shard-column.js';
import type { ShardStore } from '../shards/shard-store.js';
import { CheckLog } from './check-log.js';
import { checksumError } from './checksum-error.js';
import type { RowFailure } from './corrupt-rows.js';
import { planRows, readTag } from './plan.js';
import { PlanWriter } from './plan-writer.js';
import type { Reader } from './reader.js';
import { copySmallRows } from './small-rows.js';
import { SortedIds } from './sorted-ids.js';
import { type ChosenWay, chooseWay, type WayOptions } from './way-choice.js';

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
 * engine.
 */
export class BatchReader implements Reader {
  readonly plans: readonly FieldPlan[];
  readonly paddings: ReadonlyMap<string, Padding>;
  readonly #options: BatchReaderOptions;
  readonly #ids: SortedIds;
  readonly #plan: PlanWriter;
  readonly #runs: ChosenWay[] = [];
  #layout: BatchLayout | undefined;
  #fixedLayout: { length: number; layout: BatchLayout } | undefined;

  /** @throws ZC_FORMAT_CODEC for a field that is compressed */
  constructor(options: BatchReaderOptions) {
    const { store, fieldNumbers } = options;
    const plans = planFields(store.schema);
    this.#options = options;
    this.#plan = new PlanWriter({ joins: options.skips !== true });
    this.plans = fieldNumbers.map((number) => plans[number]!);
    this.paddings = new Map(
      Object.entries(options.pad ?? {}).map(([name, pad]) => {
        return [name, new Padding(planNamed(this.plans, name, 'pad'), pad)];
      }),
    );
    this.#ids = new SortedIds(store.firstSamples);
    for (const { field } of this.plans) {
      if (field.codec === 'none') continue;
      throw new ZcError('ZC_FORMAT_CODEC', `field "${field.name}" has codec ${field.codec}`, {
        field: field.name,
        expected: 'none',
        actual: field.codec,
      });
    }
  }

  /** Of variable fields it is twice what the sizes of the files say. */
  expectedBytes(samples: number): number {
    const { infos, samples: all } = this.#options.store;
    const fixed = this.plans.reduce((sum, { rowBytes }) => sum + roundUp(rowBytes * samples, PAGE_BYTES), 0);
    const total = infos.reduce((sum, { bytes }) => sum + bytes, 0);
    const isVariable = this.plans.some((plan) => !plan.fixed);
    const variable = isVariable ? (2 * total * samples) / Math.max(1, all) : 0;
    return roundUp(fixed + variable + samples * 8, PAGE_BYTES);
  }

  prepare(ids: Float64Array, use: number): Promise<unknown> | undefined {
    this.#ids.sort(ids);
    return this.#openShards() ?? this.#findPlaces(use) ?? this.#layOut(ids) ?? this.#findChecksums(use);
  }

  get layout(): BatchLayout {
    return this.#layout!;
  }

  async read(slot: ZeroCopyBuffer, ids: Float64Array, signal: AbortSignal | undefined): Promise<ReadResult> {
    const { store, skips } = this.#options;
    const failures = skips ? 'collect' : 'first';
    const layout = this.layout;
    const log = new CheckLog();
    const { buffer } = slot;
    this.#plan.clear();
    this.#planFields(buffer, log);
    writeNumbers(buffer, layout, ids);
    const reading =
      this.#plan.pieceCount === 0
        ? NOTHING_READ
        : store.read(slot, this.#plan.finish(), { ...(signal && { signal }), failures });
    try {
      const result = await reading;
      if (result.failures.length === 0) log.commit();
      return result;
    } catch (error) {
      throw this.#named(error);
    }
  }

  async rowFailures(failures: readonly ZcError[], ids: Float64Array): Promise<RowFailure[]> {
    const { store } = this.#options;
    const found: RowFailure[] = [];
    for (const failure of failures) {
      const { fieldNumber, row: failed } = readTag(failure.details.tag as number);
      const error = this.#named(failure) as ZcError;
      for (const [shardNumber, { path }] of store.infos.entries()) {
        if (path !== failure.path) continue;
        const first = store.firstSamples[shardNumber]!;
        const end = store.firstSamples[shardNumber + 1]!;
        await store.open(shardNumber);
        const column = store.opened(shardNumber)!.columns[fieldNumber]!;
        ids.forEach((id, place) => {
          if (id < first || id >= end) return;
          const row = id - first;
          if (row === failed || column.sharesBlock(row, failure.offset!)) found.push({ row: place, error });
        });
      }
    }
    return found;
  }

  #openShards(): Promise<unknown> | undefined {
    const { store } = this.#options;
    const closed = this.#ids.runShards.filter((number) => store.opened(number) === undefined);
    if (closed.length > 0) return Promise.all(closed.map((number) => store.open(number)));
    const nowMs = performance.now();
    this.#runs.length = 0;
    for (const number of this.#ids.runShards) {
      this.#runs.push(chooseWay(store.opened(number)!, this.#options, nowMs));
    }
    return undefined;
  }

  #findPlaces(use: number): Promise<unknown> | undefined {
    const missing = new MissingRuns();
    this.#eachColumn((column, _run, first, end) => {
      if (column.small !== undefined) column.needSmall(missing, use);
      else if (!column.layout.fixed) column.needPlaces(this.#ids.rows, first, end, missing, use);
    });
    return missing.none ? undefined : missing.load();
  }

  #findChecksums(use: number): Promise<unknown> | undefined {
    const missing = new MissingRuns();
    this.#eachColumn((column, { check }, first, end) => {
      if (column.small !== undefined || check === 'none') return;
      column.needChecksums(this.#ids.rows, first, end, { all: check === 'all', missing, use });
    });
    return missing.none ? undefined : missing.load();
  }

  #layOut(ids: Float64Array): undefined {
    const { length } = ids;
    if (this.#fixedLayout?.length === length) {
      this.#layout = this.#fixedLayout.layout;
      return;
    }
    const variable = this.plans.map((plan, i) => (plan.fixed ? undefined : this.#variableRows(plan, i, ids)));
    this.#layout = layOut(this.plans, length, variable);
    if (variable.every((rows) => rows === undefined)) this.#fixedLayout = { length, layout: this.#layout };
  }

  /** Where the rows of a variable field begin in the batch, and their ragged dimensions. */
  #variableRows(plan: FieldPlan, fieldIndex: number, ids: Float64Array): VariableRows {
    const { length } = ids;
    const { elementBytes, raggedDims, storesDims, stepBytes } = plan;
    const perRow = raggedDims.length;
    const lengths = new Float64Array(length);
    const dims = storesDims ? new Float64Array(length * perRow) : undefined;
    const { rows, positions, runStarts } = this.#ids;
    this.#runs.forEach(({ shard }, run) => {
      const column = shard.columns[this.#options.fieldNumbers[fieldIndex]!]!;
      for (let i = runStarts[run]!; i < runStarts[run + 1]!; i++) {
        const row = rows[i]!;
        const position = positions[i]!;
        const rowBytes = column.rowLength(row);
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
      }
    });
    const padded = this.paddings.get(plan.field.name)?.place(lengths, (row) => ids[row]!);
    return { offsets: runningSum(lengths), dims, padded };
  }

  #planFields(buffer: ArrayBuffer, log: CheckLog): void {
    const { rows, positions } = this.#ids;
    const { fields } = this.layout;
    this.#eachColumn((column, { way, check }, first, end, fieldIndex, shardNumber) => {
      const { offset: slotOffset, variable } = fields[fieldIndex]!;
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
      const offsets = variable?.offsets;
      const starts = variable?.padded?.starts ?? offsets;
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

  /** Field by field, and for each of them shard by shard. */
  #eachColumn(
    visit: (
      column: ShardColumn,
      run: ChosenWay,
      first: number,
      end: number,
      fieldIndex: number,
      shardNumber: number,
    ) => void,
  ): void {
    const { fieldNumbers } = this.#options;
    const { runShards, runStarts } = this.#ids;
    for (let fieldIndex = 0; fieldIndex < fieldNumbers.length; fieldIndex++) {
      for (let run = 0; run < this.#runs.length; run++) {
        const { shard } = this.#runs[run]!;
        const column = shard.columns[fieldNumbers[fieldIndex]!]!;
        visit(column, this.#runs[run]!, runStarts[run]!, runStarts[run + 1]!, fieldIndex, runShards[run]!);
      }
    }
  }

  /** The engine knows pieces and tags; the user knows fields and rows. */
  #named(error: unknown): unknown {
    if (!isZcError(error, 'ZC_IO_CHECKSUM')) return error;
    const { path = '', offset = 0, expected, actual, details } = error;
    const { fieldNumber, row } = readTag(details.tag as number);
    const field = this.#options.store.schema.fields[fieldNumber]!.name;
    return checksumError({
      path,
      offset,
      field,
      row,
      expected: expected as number,
      actual: actual as number,
    });
  }
}

const NOTHING_READ: ReadResult = {
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
