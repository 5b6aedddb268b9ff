import { isZcError, ZcError } from '@zc/errors';
import { elementsOf, type FieldPlan, planFields, type Schema } from '@zc/format';
import type { ReadResult, ZeroCopyBuffer } from '@zc/io';
import { type BatchLayout, layOut, writeNumbers } from '../batches/batch-layout.js';
import type { Padding } from '../batches/padding.js';
import { PAGE_BYTES, roundUp } from '../pages.js';
import { CheckLog } from '../reading/check-log.js';
import { planRows } from '../reading/plan.js';
import { PlanWriter } from '../reading/plan-writer.js';
import type { Reader } from '../reading/reader.js';
import { rowErrorOf } from '../reading/row-error.js';
import { SortedIds } from '../reading/sorted-ids.js';
import { type ChosenWay, chooseWay, type WayOptions } from '../reading/way-choice.js';
import { fieldNumbersOf } from '../sources/dataset-rows.js';
import { Borders } from './borders.js';
import { borderOffsets, writeBorders, writeDocuments, writePositions } from './document-fields.js';
import { findRow } from './document-finder.js';
import type { ResolvedWindows } from './options.js';
import { fillWith } from './padding.js';
import { AskingAccess } from './table-access.js';
import type { TokenStream } from './token-stream.js';
import { WindowColumn } from './window-column.js';
import type { WindowMap } from './window-map.js';
import { WindowParts } from './window-parts.js';

export interface WindowReaderOptions extends WayOptions {
  stream: TokenStream;
  map: WindowMap;
  windows: ResolvedWindows;
  /** The fields that windows have. */
  schema: Schema;
  /** Those that are read; all of them where none are named. */
  fields: readonly string[] | undefined;
}

/**
 * Reads windows of a token stream: each a row of one tensor in the slot, whatever shards it comes from.
 *
 * A window within a shard is one piece of a plan, one across borders a piece for each shard. To the plan these
 * pieces are rows of a variable field, so that near ones are read together as rows are.
 */
export class WindowReader implements Reader {
  readonly #options: WindowReaderOptions;
  readonly plans: readonly FieldPlan[];
  /** None: windows are equally long. */
  readonly paddings: ReadonlyMap<string, Padding> = new Map();
  readonly #ids: SortedIds;
  readonly #parts: WindowParts;
  readonly #borders: Borders | undefined;
  readonly #plan: PlanWriter;
  readonly #runs: (ChosenWay & { column: WindowColumn })[] = [];
  /** Of the windows in ascending order. */
  #starts = new Float64Array(0);
  #lengths = new Float64Array(0);
  /** 0, 1, 2, … and 0, 2, 4, …: the parts and their targets, as a plan takes them. */
  #partNumbers = new Float64Array(0);
  #partTargets = new Uint32Array(0);
  #fixedLayout: { length: number; layout: BatchLayout } | undefined;
  #layout: BatchLayout | undefined;

  /** @throws ZC_ARGUMENT where the tokens are not among the fields */
  constructor(options: WindowReaderOptions) {
    const { stream, map, windows, schema, fields } = options;
    this.#plan = new PlanWriter({ rules: stream.store.rules });
    const plans = planFields(schema);
    const fieldNumbers = fieldNumbersOf(schema, fields);
    if (fieldNumbers[0] !== 0) {
      throw new ZcError('ZC_ARGUMENT', `windows are not read without "${windows.field.name}"`, {
        expected: windows.field.name,
        actual: fields,
      });
    }
    this.#options = options;
    this.plans = fieldNumbers.map((number) => plans[number]!);
    this.#ids = new SortedIds(Float64Array.of(0, map.length));
    this.#parts = new WindowParts(stream.firstTokens, windows.length);
    this.#borders = this.plans.length > 1 ? new Borders(stream) : undefined;
  }

  /** Its reads collect no failures. */
  async rowFailures(): Promise<[]> {
    return [];
  }

  prepare(ids: Float64Array, use: number): Promise<unknown> | undefined {
    const access = new AskingAccess(this.#options.stream, use);
    return (
      this.#place(ids, access) ??
      this.#openShards(access) ??
      this.#findDocuments(ids.length, access) ??
      this.#layOut(ids.length) ??
      this.#findChecksums(access)
    );
  }

  /** Of borders it is four a window. */
  expectedBytes(windows: number): number {
    const fields = this.plans.map(({ fixed, rowBytes }) => windows * (fixed ? rowBytes : 4 * (4 + 8)));
    const bytes = fields.reduce((sum, field) => sum + roundUp(field, PAGE_BYTES), 0);
    return roundUp(bytes + windows * 8, PAGE_BYTES);
  }

  get layout(): BatchLayout {
    return this.#layout!;
  }

  async read(slot: ZeroCopyBuffer, ids: Float64Array, signal: AbortSignal | undefined): Promise<ReadResult> {
    const { store } = this.#options.stream;
    const { layout } = this;
    const log = new CheckLog();
    this.#planParts(layout, log);
    this.#pad(slot.buffer, layout, ids.length);
    this.#writeDocuments(slot.buffer, layout, ids.length);
    writeNumbers(slot.buffer, layout, ids);
    const reading = store.read(slot, this.#plan.finish(), signal && { signal });
    try {
      const result = await reading;
      log.commit();
      return result;
    } catch (error) {
      throw await this.#named(error);
    }
  }

  /** Sorts the windows and cuts them into parts. */
  #place(ids: Float64Array, access: AskingAccess): Promise<unknown> | undefined {
    const { map, stream } = this.#options;
    const count = ids.length;
    if (this.#starts.length < count) {
      this.#starts = new Float64Array(count);
      this.#lengths = new Float64Array(count);
    }
    this.#ids.sort(ids);
    map.place(this.#ids.rows, count, { starts: this.#starts, lengths: this.#lengths }, access);
    const loading = access.load();
    if (loading === undefined) this.#parts.cut(this.#placed(count), (token) => stream.shardOf(token));
    return loading;
  }

  #placed(count: number) {
    return { starts: this.#starts, lengths: this.#lengths, positions: this.#ids.positions, count };
  }

  #openShards(access: AskingAccess): Promise<unknown> | undefined {
    const { store } = this.#options.stream;
    const { runShards } = this.#parts;
    const columns = runShards.map((shard) => access.column(shard));
    const loading = access.load();
    if (loading !== undefined) return loading;
    const nowMs = performance.now();
    this.#runs.length = 0;
    columns.forEach((column, run) => {
      const chosen = chooseWay(store.opened(runShards[run]!)!, this.#options, nowMs);
      this.#runs.push({ ...chosen, column: new WindowColumn(column!, this.#parts) });
    });
    return undefined;
  }

  #findDocuments(windows: number, access: AskingAccess): Promise<unknown> | undefined {
    this.#borders?.find(this.#placed(windows), access);
    return access.load();
  }

  #layOut(windows: number): undefined {
    if (this.#fixedLayout?.length === windows) {
      this.#layout = this.#fixedLayout.layout;
      return;
    }
    const variable = this.plans.map((plan) =>
      plan.fixed ? undefined : { offsets: borderOffsets(this.#borders!, windows), dims: undefined },
    );
    this.#layout = layOut(this.plans, windows, variable);
    if (variable.every((rows) => rows === undefined))
      this.#fixedLayout = { length: windows, layout: this.#layout };
  }

  #findChecksums(access: AskingAccess): Promise<unknown> | undefined {
    const { runStarts } = this.#parts;
    this.#runs.forEach(({ column, check }, run) => {
      if (check === 'none') return;
      column.needChecksums(runStarts[run]!, runStarts[run + 1]!, check === 'all', access);
    });
    return access.load();
  }

  #planParts(layout: BatchLayout, log: CheckLog): void {
    const { runStarts, runShards, targets, count } = this.#parts;
    if (this.#partNumbers.length < count) {
      this.#partNumbers = Float64Array.from({ length: 2 * count }, (_, i) => i);
      this.#partTargets = Uint32Array.from({ length: 2 * count }, (_, i) => 2 * i);
    }
    this.#plan.clear();
    this.#runs.forEach(({ column, way, check }, run) => {
      planRows(this.#plan, {
        column,
        file: runShards[run]!,
        way,
        rows: this.#partNumbers,
        positions: this.#partTargets,
        first: runStarts[run]!,
        end: runStarts[run + 1]!,
        slotOffset: layout.fields[0]!.offset,
        offsets: targets,
        starts: targets,
        check,
        log,
      });
    });
  }

  /** Fills up the windows that are short of tokens. */
  #pad(buffer: ArrayBuffer, { fields }: BatchLayout, windows: number): void {
    const { length, padding, field } = this.#options.windows;
    if (padding === undefined) return;
    const { offset, lengthBytes } = fields[0]!;
    const tokens = elementsOf(field.dtype, new Uint8Array(buffer, offset, lengthBytes));
    for (let i = 0; i < windows; i++) {
      if (this.#lengths[i] === length) continue;
      const first = this.#ids.positions[i]! * length;
      fillWith(padding, tokens, first + this.#lengths[i]!, first + length);
    }
  }

  #writeDocuments(buffer: ArrayBuffer, { fields }: BatchLayout, windows: number): void {
    const borders = this.#borders;
    if (borders === undefined) return;
    const { length } = this.#options.windows;
    for (const { plan, offset, lengthBytes } of fields) {
      const bytes = new Uint8Array(buffer, offset, lengthBytes);
      const { name } = plan.field;
      if (name === 'borders') writeBorders(elementsOf('int32', bytes), borders, windows);
      if (name === 'documents') writeDocuments(elementsOf('int64', bytes), borders, { windows, length });
      if (name === 'positions') writePositions(elementsOf('int32', bytes), borders, { windows, length });
    }
  }

  /** The engine knows pieces; the user knows fields and rows. */
  async #named(error: unknown): Promise<unknown> {
    if (!isZcError(error, 'ZC_IO_CHECKSUM')) return error;
    const { stream, windows } = this.#options;
    const shard = stream.store.infos.findIndex(({ path }) => path === error.path);
    const row = await findRow(stream, shard, error.offset ?? 0);
    return rowErrorOf(error, { field: windows.field.name, row });
  }
}
