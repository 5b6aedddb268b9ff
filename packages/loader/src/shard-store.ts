import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import { ReadEngine, type ReadEngineOptions } from '@zc/io';
import { IndexCache } from './index-cache.js';
import { Shard } from './shard.js';
import { type ExpectedShard, type OpenedShard, openShard, openShardNow } from './shard-opening.js';

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
  backend: ReadEngineOptions['backend'];
}

/** Shards that are kept open, and files that the engine keeps open: within the usual limits of a process. */
const OPEN_SHARDS_MAX = 4096;
const OPEN_FILES_MAX = 256;

/** The opened shards of a dataset, and the engine that reads them. Those opened longest ago give way. */
export class ShardStore {
  readonly infos: readonly ShardInfo[];
  readonly schema: Schema;
  /** The number of each shard's first sample, and behind them the number of all samples. */
  readonly firstSamples: Float64Array;
  readonly cache: IndexCache;
  readonly #options: ShardStoreOptions;
  readonly #schemaText: string;
  /** In the order of their opening. */
  readonly #open = new Map<number, Shard>();
  readonly #opening = new Map<number, Promise<void>>();
  readonly #files = new Map<number, number>();
  #engine: ReadEngine | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ShardStoreOptions) {
    const { shards, schema, indexCacheBytes } = options;
    this.#options = options;
    this.infos = shards;
    this.schema = schema;
    this.#schemaText = JSON.stringify(schema);
    const samples = shards.reduce((sum, shard) => sum + shard.samples, 0);
    this.firstSamples = Float64Array.from([...shards.map(({ firstSample }) => firstSample), samples]);
    this.cache = new IndexCache(indexCacheBytes);
  }

  get samples(): number {
    return this.firstSamples.at(-1)!;
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
      opening = openShard(path, this.#expected(number)).then((opened) => {
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

  get engine(): ReadEngine {
    this.checkOpen();
    this.#engine ??= new ReadEngine({ backend: this.#options.backend });
    return this.#engine;
  }

  /** The engine's number of a shard's file. It holds until `trim`. */
  engineFile(number: number): number {
    let file = this.#files.get(number);
    if (file === undefined) file = this.engine.openFile(this.infos[number]!.path);
    else this.#files.delete(number);
    this.#files.set(number, file);
    return file;
  }

  /** Closes what is open beyond the limits. Reads that are in flight and views that are held are not disturbed. */
  trim(): void {
    for (const [number, file] of this.#files) {
      if (this.#files.size <= OPEN_FILES_MAX) break;
      this.#files.delete(number);
      this.engine.closeFile(file);
    }
    for (const number of this.#open.keys()) {
      if (this.#open.size <= OPEN_SHARDS_MAX) break;
      this.#open.delete(number);
    }
  }

  checkOpen(): void {
    if (this.#closing === undefined) return;
    throw new ZcError('ZC_CLOSED', 'the dataset is closed', { path: this.infos[0]?.path });
  }

  /** Ends the reads in flight and lets everything go; views that are held stay valid. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
    await this.#engine?.close();
  }

  #expected(number: number): ExpectedShard {
    return this.infos[number]!;
  }

  #keep(number: number, opened: OpenedShard): Shard {
    if (this.#closing !== undefined) {
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
    const { cache } = this;
    const shard = new Shard(opened, { cache, verify: this.#options.verify });
    this.#open.set(number, shard);
    return shard;
  }
}
