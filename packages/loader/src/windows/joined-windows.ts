import { shardOf } from '../reading/sorted-ids.js';
import type { TableAccess } from './table-access.js';
import type { TokenStream } from './token-stream.js';
import type { WindowMap } from './window-map.js';

/** The windows of several streams one behind the other; none has tokens of two streams. */
export class JoinedWindows implements WindowMap {
  readonly length: number;
  readonly #parts: readonly Part[];
  /** The number of each part's first window, and behind them the number of all windows. */
  readonly #firstWindows: Float64Array;

  constructor(all: readonly { readonly map: WindowMap; readonly stream: TokenStream }[]) {
    let firstToken = 0;
    let firstShard = 0;
    this.#firstWindows = new Float64Array(all.length + 1);
    this.#parts = all.map(({ map, stream }, i) => {
      const part = { map, firstToken, firstShard };
      this.#firstWindows[i + 1] = this.#firstWindows[i]! + map.length;
      firstToken += stream.tokens;
      firstShard += stream.firstTokens.length - 1;
      return part;
    });
    this.length = this.#firstWindows.at(-1)!;
  }

  place(
    ids: Float64Array,
    count: number,
    out: { starts: Float64Array; lengths: Float64Array },
    access: TableAccess,
  ): void {
    for (let first = 0; first < count; ) {
      const number = shardOf(ids[first]!, this.#firstWindows);
      const firstWindow = this.#firstWindows[number]!;
      const { map, firstToken, firstShard } = this.#parts[number]!;
      let end = first;
      while (end < count && ids[end]! < this.#firstWindows[number + 1]!) end++;
      const own = ids.slice(first, end).map((id) => id - firstWindow);
      const starts = out.starts.subarray(first, end);
      map.place(
        own,
        own.length,
        { starts, lengths: out.lengths.subarray(first, end) },
        {
          column: (shard) => access.column(firstShard + shard),
          has: (runs, run) => access.has(runs, run),
        },
      );
      for (let i = 0; i < starts.length; i++) starts[i]! += firstToken;
      first = end;
    }
  }
}

interface Part {
  readonly map: WindowMap;
  /** Of the joined stream. */
  readonly firstToken: number;
  readonly firstShard: number;
}
