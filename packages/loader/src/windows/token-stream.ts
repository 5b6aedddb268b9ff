import { ZcError } from '@zc/errors';
import { dtypes, type TensorField } from '@zc/format';
import { shardOf } from '../reading/sorted-ids.js';
import type { ShardColumn } from '../shards/shard-column.js';
import type { ShardStore } from '../shards/shard-store.js';

/** Shards whose footers are read at the same time. */
const OPENED_TOGETHER = 64;

export interface TokenStreamOptions {
  store: ShardStore;
  field: TensorField;
  fieldNumber: number;
}

/** The documents of a dataset as one row of tokens. Tokens are counted through all shards, from 0. */
export class TokenStream {
  readonly store: ShardStore;
  readonly fieldNumber: number;
  readonly elementBytes: number;
  /** The number of each shard's first token, and behind them the number of all tokens. */
  readonly firstTokens: Float64Array;
  readonly #options: TokenStreamOptions;

  /**
   * Reads the footer of each shard, for only there it says how many tokens there are.
   *
   * @throws what opening a shard throws
   */
  static async open(options: TokenStreamOptions): Promise<TokenStream> {
    const { store, field, fieldNumber } = options;
    const elementBytes = dtypes[field.dtype].bytes;
    const firstTokens = new Float64Array(store.infos.length + 1);
    for (let first = 0; first < store.infos.length; first += OPENED_TOGETHER) {
      const end = Math.min(first + OPENED_TOGETHER, store.infos.length);
      const numbers = Array.from({ length: end - first }, (_, i) => first + i);
      await Promise.all(numbers.map((number) => store.open(number)));
      for (const number of numbers) {
        const { path, layout } = store.opened(number)!.columns[fieldNumber]!;
        const { offset, length } = layout.region;
        if (length % elementBytes !== 0) {
          throw new ZcError('ZC_FORMAT_TABLE', `the region of field "${field.name}" ends within a token`, {
            path,
            offset,
            field: field.name,
            expected: `a multiple of ${elementBytes} bytes`,
            actual: length,
          });
        }
        firstTokens[number + 1] = firstTokens[number]! + length / elementBytes;
      }
      store.trim();
    }
    return new TokenStream(options, firstTokens);
  }

  /** Streams one behind the other, read through a store that has the shards of all of them in that order. */
  static joined(streams: readonly TokenStream[], store: ShardStore): TokenStream {
    let before = 0;
    const firstTokens = streams.flatMap((stream) => {
      const first = before;
      before += stream.tokens;
      return Array.from(stream.firstTokens.subarray(0, -1), (token) => first + token);
    });
    return new TokenStream({ ...streams[0]!.#options, store }, Float64Array.from([...firstTokens, before]));
  }

  private constructor(options: TokenStreamOptions, firstTokens: Float64Array) {
    const { store, field, fieldNumber } = options;
    this.#options = options;
    this.store = store;
    this.fieldNumber = fieldNumber;
    this.elementBytes = dtypes[field.dtype].bytes;
    this.firstTokens = firstTokens;
  }

  get tokens(): number {
    return this.firstTokens.at(-1)!;
  }

  /** The shard that holds a token. */
  shardOf(token: number): number {
    return shardOf(token, this.firstTokens);
  }

  /** The token field of a shard that is open. */
  columnOf(shard: number): ShardColumn | undefined {
    return this.store.opened(shard)?.columns[this.fieldNumber];
  }

  /** The same, of a shard that is opened now if need be, which blocks. */
  columnNow(shard: number): ShardColumn {
    return this.store.openNow(shard).columns[this.fieldNumber]!;
  }
}
