import { ZcError } from '@zc/errors';
import { shardOf } from '../reading/sorted-ids.js';
import type { ShardColumn } from '../shards/shard-column.js';
import type { TableAccess } from './table-access.js';
import type { TokenStream } from './token-stream.js';
import { type WindowMap, type WindowSteps, windowsIn } from './window-map.js';

/** Windows are counted for so many documents together: 8 bytes of memory a group. */
const GROUP_DOCUMENTS = 64;
/** Above this the counting takes tens of seconds. */
const DOCUMENTS_MAX = 2 ** 30;
/** Runs of a table that are read together, and shards whose tables are read at the same time. */
const RUNS_TOGETHER = 16;
const SHARDS_TOGETHER = 8;

/**
 * Windows at every `stride`-th token of each document, so that none has tokens of two.
 *
 * How many there are is counted once, from the tables that say where documents end. What stays is the number
 * of windows before each group of documents; a lookup goes on in the table.
 */
export class DocumentWindows implements WindowMap {
  readonly length: number;
  readonly #stream: TokenStream;
  readonly #steps: WindowSteps;
  /** The number of each shard's first group, and behind them the number of all groups. */
  readonly #firstGroups: Float64Array;
  /** The number of each group's first window, and behind them the number of all windows. */
  readonly #firstWindows: Float64Array;

  /**
   * Reads the tables of all shards.
   *
   * @throws ZC_ARGUMENT where there are too many documents, ZC_FORMAT_TABLE, ZC_IO_…
   */
  static async open(stream: TokenStream, steps: WindowSteps): Promise<DocumentWindows> {
    const { infos, samples } = stream.store;
    if (samples > DOCUMENTS_MAX) {
      throw new ZcError('ZC_ARGUMENT', `windows within ${samples} documents would take too long to count`, {
        expected: DOCUMENTS_MAX,
        actual: samples,
        advice: `Let windows cross documents, and take { documents: 'ids' } to keep them apart.`,
      });
    }
    const firstGroups = new Float64Array(infos.length + 1);
    infos.forEach(({ samples }, i) => {
      firstGroups[i + 1] = firstGroups[i]! + Math.ceil(samples / GROUP_DOCUMENTS);
    });
    // In the place of each group its own number of windows, until all are known.
    const counts = new Float64Array(firstGroups.at(-1)! + 1);
    for (let first = 0; first < infos.length; first += SHARDS_TOGETHER) {
      const shards = Array.from(infos.slice(first, first + SHARDS_TOGETHER), (_, i) => first + i);
      await Promise.all(
        shards.map((shard) => {
          const groups = counts.subarray(firstGroups[shard]!, firstGroups[shard + 1]!);
          return countShard(stream, { shard, steps, groups });
        }),
      );
      stream.store.trim();
    }
    let sum = 0;
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i]!;
      counts[i] = sum;
      sum += count;
    }
    return new DocumentWindows(stream, steps, { firstGroups, firstWindows: counts });
  }

  private constructor(
    stream: TokenStream,
    steps: WindowSteps,
    { firstGroups, firstWindows }: { firstGroups: Float64Array; firstWindows: Float64Array },
  ) {
    this.length = firstWindows.at(-1)!;
    this.#stream = stream;
    this.#steps = steps;
    this.#firstGroups = firstGroups;
    this.#firstWindows = firstWindows;
  }

  place(
    ids: Float64Array,
    count: number,
    { starts, lengths }: { starts: Float64Array; lengths: Float64Array },
    access: TableAccess,
  ): void {
    const { length, stride } = this.#steps;
    const { firstTokens, elementBytes } = this.#stream;
    for (let i = 0; i < count; i++) {
      const found = this.#documentOf(ids[i]!, access);
      if (found === undefined) continue;
      const { shard, column, row, window } = found;
      const from = window * stride;
      const begin = (column.start(row) - column.layout.region.offset) / elementBytes;
      starts[i] = firstTokens[shard]! + begin + from;
      lengths[i] = Math.min(length, column.rowLength(row) / elementBytes - from);
    }
  }

  /** The document that a window is cut from, and the window's number in it. */
  #documentOf(
    id: number,
    access: TableAccess,
  ): { shard: number; column: ShardColumn; row: number; window: number } | undefined {
    const group = shardOf(id, this.#firstWindows);
    const shard = shardOf(group, this.#firstGroups);
    const column = access.column(shard);
    if (column === undefined) return undefined;
    const { runs } = column.ends!;
    let row = (group - this.#firstGroups[shard]!) * GROUP_DOCUMENTS;
    const last = Math.min(row + GROUP_DOCUMENTS, column.samples) - 1;
    const hasFirst = access.has(runs, column.ends!.runOf(Math.max(0, row - 1)));
    if (!access.has(runs, column.ends!.runOf(last)) || !hasFirst) return undefined;
    let window = id - this.#firstWindows[group]!;
    for (; row < last; row++) {
      const windows = windowsIn(column.rowLength(row) / this.#stream.elementBytes, this.#steps);
      if (window < windows) break;
      window -= windows;
    }
    return { shard, column, row, window };
  }
}

/** Counts the windows of a shard, group by group. */
async function countShard(
  stream: TokenStream,
  { shard, steps, groups }: { shard: number; steps: WindowSteps; groups: Float64Array },
): Promise<void> {
  const { store, elementBytes } = stream;
  await store.open(shard);
  const column = stream.columnOf(shard)!;
  const { runs, entriesPerRun } = column.ends!;
  const rowsTogether = RUNS_TOGETHER * entriesPerRun;
  for (let first = 0; first < column.samples; first += rowsTogether) {
    const end = Math.min(first + rowsTogether, column.samples);
    const use = store.cache.begin();
    try {
      const wanted = [column.ends!.runOf(Math.max(0, first - 1)), column.ends!.runOf(end - 1)] as const;
      while (!hasAll(runs, wanted, use)) await runs.load(...wanted);
      for (let row = first; row < end; row++) {
        const group = Math.floor(row / GROUP_DOCUMENTS);
        groups[group]! += windowsIn(column.rowLength(row) / elementBytes, steps);
      }
    } finally {
      store.cache.end(use);
    }
  }
}

function hasAll(
  runs: { has(run: number, use: number): boolean },
  [first, last]: readonly [number, number],
  use: number,
): boolean {
  let all = true;
  for (let run = first; run <= last; run++) all = runs.has(run, use) && all;
  return all;
}
