import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import type { EngineFiles } from './engine-files.js';
import { IndexCache } from './index-cache.js';
import { Shard } from './shard.js';
import {
  type ExpectedShard,
  type OpenedShard,
  openShard,
  openShardNow,
  type ReadRange,
} from './shard-opening.js';

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
}

/** Shards that are kept open, each with a map: far below the kernel's usual limit of 65,530 a process. */
const OPEN_SHARDS_MAX = 4096;

/** The opened shards of a dataset. Those opened longest ago give way. */
export class ShardStore {
  readonly infos: readonly ShardInfo[];
  readonly schema: Schema;
  /** The number of each shard's first sample, and behind them the number of all samples. */
  readonly firstSamples: Float64Array;
  readonly cache: IndexCache;
  readonly files: EngineFiles;
  readonly #options: ShardStoreOptions;
  readonly #schemaText: string;
  /** In the order of their opening. */
  readonly #open = new Map<number, Shard>();
  readonly #opening = new Map<number, Promise<void>>();
  readonly #read: ReadRange;
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
    this.#read = (path, offset, length) => files.read(path, offset, length);
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
    return this.#open.get(number);
  }

  /** Opens a shard, once for all who ask at the same time. */
  async open(number: number): Promise<void> {
    this.checkOpen();
    let opening = this.#opening.get(number);
    if (opening === undefined) {
      const { path } = this.infos[number]!;
      opening = openShard(path, this.#read, this.#expected(number)).then((opened) => {
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
    const open = this.#open.get(number);
    if (open !== undefined) return open;
    const shard = this.#keep(number, openShardNow(this.infos[number]!.path, this.#expected(number)));
    this.trim();
    return shard;
  }

  /** Closes what is open beyond the limits. Reads that are in flight and views that are held are not disturbed. */
  trim(): void {
    this.files.trim();
    for (const number of this.#open.keys()) {
      if (this.#open.size <= OPEN_SHARDS_MAX) break;
      this.#open.delete(number);
    }
  }

  /** @throws ZC_CLOSED */
  checkOpen(): void {
    this.files.checkOpen();
  }

  /** Ends the reads in flight and lets everything go; views that are held stay valid. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
    await this.files.close();
  }

  #expected(number: number): ExpectedShard {
    return this.infos[number]!;
  }

  #keep(number: number, opened: OpenedShard): Shard {
    if (this.#closed) {
      opened.file.close();
      this.checkOpen();
    }
    if (JSON.stringify(opened.footer.schema) !== this.#schemaText) {
      throw new ZcError('ZC_FORMAT_MANIFEST', 'the shard has another schema than its dataset', {
        path: opened.file.path,
        expected: this.schema,
        actual: opened.footer.schema,
      });
    }
    const { file } = opened;
    const reader = {
      read: (offset: number, length: number) => this.#read(file.path, offset, length),
      readNow: (offset: number, length: number) => file.read(offset, length),
    };
    const shard = new Shard(opened, { reader, cache: this.cache, verify: this.#options.verify });
    this.#open.set(number, shard);
    return shard;
  }
}
