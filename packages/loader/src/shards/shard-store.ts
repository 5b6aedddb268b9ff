import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import type { ReadOptions, ReadResult, ZeroCopyBuffer } from '@zc/io';
import type { ExtentRules } from '../reading/plan-writer.js';
import type { EngineFiles } from './engine-files.js';
import { IndexCache } from './index-cache.js';
import { ProbeBudget } from './residency.js';
import { Shard } from './shard.js';
import { type OpenedShard, openShard, openShardNow } from './shard-opening.js';

/** A shard of a dataset, opened or not. */
export interface ShardInfo {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly samples: number;
  readonly uuid: string;
  /** The dataset's number of the shard's first sample. */
  readonly firstSample: number;
}

export interface ShardStoreOptions {
  shards: readonly ShardInfo[];
  schema: Schema;
  indexCacheBytes: number;
  verify: boolean;
  files: EngineFiles;
  rules: ExtentRules;
}

/** Shards that are kept open: far below the maps that a process may have, and tens of megabytes of memory. */
const OPEN_SHARDS_MAX = 4096;

/** The opened shards of a dataset. Those used longest ago give way. */
export class ShardStore {
  readonly infos: readonly ShardInfo[];
  readonly schema: Schema;
  /** The number of each shard's first sample, and behind them the number of all samples. */
  readonly firstSamples: Float64Array;
  readonly cache: IndexCache;
  readonly files: EngineFiles;
  /** How reads of its rows are merged. */
  readonly rules: ExtentRules;
  readonly #options: ShardStoreOptions;
  readonly #schemaText: string;
  /** In the order of their last use, the oldest first. */
  readonly #open = new Map<number, Shard>();
  readonly #opening = new Map<number, Promise<void>>();
  readonly #probes = new ProbeBudget();
  #closed = false;

  constructor(options: ShardStoreOptions) {
    const { shards, schema, indexCacheBytes, files } = options;
    this.#options = options;
    this.infos = shards;
    this.schema = schema;
    this.#schemaText = JSON.stringify(schema);
    const samples = shards.reduce((sum, shard) => sum + shard.samples, 0);
    this.firstSamples = Float64Array.from([...shards.map(({ firstSample }) => firstSample), samples]);
    this.cache = new IndexCache(indexCacheBytes);
    this.files = files;
    this.rules = options.rules;
  }

  get samples(): number {
    return this.firstSamples.at(-1)!;
  }

  /** The shards of this store, and behind them those of others, all of them read by this one's engine. */
  join(others: readonly ShardStore[]): ShardStore {
    const stores = [this, ...others];
    let firstSample = 0;
    const shards = stores.flatMap(({ infos }) =>
      infos.map((info) => {
        const shard = { ...info, firstSample };
        firstSample += info.samples;
        return shard;
      }),
    );
    return new ShardStore({ ...this.#options, shards });
  }

  /** A shard that is open already. */
  opened(number: number): Shard | undefined {
    const shard = this.#open.get(number);
    // While there is room for as many again, none will give way soon, and `get` has better things to do than this.
    if (shard === undefined || this.#open.size <= OPEN_SHARDS_MAX / 2) return shard;
    this.#open.delete(number);
    this.#open.set(number, shard);
    return shard;
  }

  /** Opens a shard, once for all who ask at the same time. */
  async open(number: number): Promise<void> {
    this.checkOpen();
    let opening = this.#opening.get(number);
    if (opening === undefined) {
      const info = this.infos[number]!;
      opening = openShard(info.path, this.files, info).then((opened) => {
        if (!this.#open.has(number)) this.#keep(number, opened);
      });
      this.#opening.set(number, opening);
      opening.finally(() => this.#opening.delete(number)).catch(() => {});
    }
    await opening;
  }

  /** A shard, opened now if need be: blocks. */
  openNow(number: number): Shard {
    this.checkOpen();
    const open = this.opened(number);
    if (open !== undefined) return open;
    const info = this.infos[number]!;
    const shard = this.#keep(number, openShardNow(info.path, info));
    this.trim();
    return shard;
  }

  /**
   * Reads a plan, in which a shard's number stands for its file, into a slot (see `EngineFiles.read`). Shards
   * that were opened for it may be closed afterwards.
   */
  read(slot: ZeroCopyBuffer, plan: Float64Array, options?: ReadOptions): Promise<ReadResult> {
    const reading = this.files.read(slot, plan, (number) => this.infos[number]!.path, options);
    this.trim();
    return reading;
  }

  /** Closes shards beyond the limit. Reads that are in flight and views that are held are not disturbed. */
  trim(): void {
    for (const [number, shard] of this.#open) {
      if (this.#open.size <= OPEN_SHARDS_MAX) break;
      this.#open.delete(number);
      shard.close();
    }
  }

  /** @throws ZC_CLOSED */
  checkOpen(): void {
    this.files.checkOpen();
  }

  /** Ends the reads in flight and lets everything go; views that are held stay valid. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const shard of this.#open.values()) shard.close();
    this.#open.clear();
    await this.files.close();
  }

  #keep(number: number, opened: OpenedShard): Shard {
    const { path, bytes, footer } = opened;
    if (this.#closed) {
      bytes?.close();
      this.checkOpen();
    }
    if (JSON.stringify(footer.schema) !== this.#schemaText) {
      throw new ZcError('ZC_FORMAT_MANIFEST', 'the shard has another schema than its dataset', {
        path,
        expected: this.schema,
        actual: footer.schema,
      });
    }
    const { files, cache } = this;
    const shard: Shard = new Shard(opened, {
      reader: {
        lend: (offset, length, use) => files.lend(path, [{ offset, length }], ([bytes]) => use(bytes!)),
        readNow: (offset, length) => shard.bytes.read(offset, length),
      },
      cache,
      cacheShareBytes: cache.maxBytes / this.infos.length,
      verify: this.#options.verify,
      residentBytes: (offset, length) => files.residentBytes(path, offset, length),
      probes: this.#probes,
    });
    this.#open.set(number, shard);
    return shard;
  }
}
