import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import { canonicalJson } from '../json.js';
import { refuseAbove } from '../limits.js';
import { MANIFEST_NAME, type Manifest, parseManifest, type ShardEntry } from '../manifest.js';
import type { Sample, Schema } from '../schema.js';
import { schemaToJson } from '../schema-resolve.js';
import { ShardReader, type ShardReaderOptions } from '../shard-reader.js';
import { type FileSource, fileSource } from './file-source.js';
import { nodeDigests } from './node-digests.js';

/** @throws ZC_IO_OPEN, ZC_FORMAT_MANIFEST, ZC_FORMAT_VERSION, ZC_FORMAT_SCHEMA, ZC_FORMAT_LIMIT */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, MANIFEST_NAME);
  await using source = await fileSource(path);
  refuseAbove('MANIFEST_BYTES_MAX', source.sizeBytes, 'the length of the manifest', { path });
  return parseManifest(await source.read(0, source.sizeBytes), path);
}

interface OpenShard<S extends Schema> {
  readonly source: FileSource;
  readonly reader: ShardReader<S>;
}

/** A dataset for tools: one shard open at a time, every row checked. Training reads through `@zc/loader`. */
export class DatasetReader<S extends Schema = Schema> {
  readonly directory: string;
  readonly manifest: Manifest<S>;
  readonly #options: ShardReaderOptions;
  #open: (OpenShard<S> & { number: number }) | undefined;
  /** The call of `get` or `shard` before: they take turns, for one may close what another reads. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(directory: string, manifest: Manifest<S>, options: ShardReaderOptions) {
    this.directory = directory;
    this.manifest = manifest;
    this.#options = { digests: nodeDigests, ...options };
  }

  get length(): number {
    return this.manifest.samples;
  }

  get schema(): S {
    return this.manifest.schema;
  }

  /**
   * Shard `number`, checked against the manifest; it is closed when another one is asked for.
   *
   * @throws ZC_FORMAT_MANIFEST where it is not the one that the manifest lists, and what opening it throws
   */
  shard(number: number): Promise<ShardReader<S>> {
    return this.#inTurn(() => this.#shard(number));
  }

  /** Sample `i`, counted through the shards in order. */
  async get(i: number): Promise<Sample<S>> {
    let rest = i;
    for (const [number, { samples }] of this.manifest.shards.entries()) {
      if (rest >= 0 && rest < samples) {
        const row = rest;
        return this.#inTurn(async () => (await this.#shard(number)).get(row));
      }
      rest -= samples;
    }
    throw outOfRange(this.directory, 'sample', i, this.length);
  }

  /** All samples in order; each pass has a shard of its own open. */
  async *rows(): AsyncGenerator<Sample<S>, void, undefined> {
    for (const entry of this.manifest.shards) {
      const { source, reader } = await this.#openShard(entry);
      try {
        yield* reader.rows();
      } finally {
        await source.close();
      }
    }
  }

  async #shard(number: number): Promise<ShardReader<S>> {
    if (this.#open?.number === number) return this.#open.reader;
    const entry = this.manifest.shards[number];
    if (!entry) throw outOfRange(this.directory, 'shard', number, this.manifest.shards.length);
    await this.close();
    this.#open = { number, ...(await this.#openShard(entry)) };
    return this.#open.reader;
  }

  async #openShard(entry: ShardEntry): Promise<OpenShard<S>> {
    const source = await fileSource(join(this.directory, entry.name));
    try {
      const reader = await ShardReader.open<S>(source, this.#options);
      demandListed(entry, source, reader, this.schema);
      return { source, reader };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run, run);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.source.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Opens a dataset's directory; only the manifest is read.
 *
 * @throws ZC_IO_OPEN, ZC_FORMAT_MANIFEST, ZC_FORMAT_SCHEMA, ZC_FORMAT_LIMIT
 * @example
 * await using dataset = await openDataset('data/train');
 * const row = await dataset.get(17);
 */
export async function openDataset<S extends Schema = Schema>(
  directory: string,
  options: ShardReaderOptions = {},
): Promise<DatasetReader<S>> {
  return new DatasetReader(directory, (await readManifest(directory)) as Manifest<S>, options);
}

function demandListed(entry: ShardEntry, source: FileSource, reader: ShardReader, schema: Schema): void {
  const found = { bytes: source.sizeBytes, samples: reader.length, uuid: reader.uuid };
  for (const key of ['bytes', 'samples', 'uuid'] as const) {
    if (found[key] === entry[key]) continue;
    throw new ZcError(
      'ZC_FORMAT_MANIFEST',
      `the shard has ${key} ${found[key]}, the manifest lists ${entry[key]}`,
      {
        path: source.name,
        expected: entry[key],
        actual: found[key],
      },
    );
  }
  if (canonicalJson(schemaToJson(reader.schema)) === canonicalJson(schemaToJson(schema))) return;
  throw new ZcError('ZC_FORMAT_SCHEMA', 'the schema of the shard differs from that of the dataset', {
    path: source.name,
  });
}

function outOfRange(path: string, what: string, i: number, count: number): ZcError {
  return new ZcError('ZC_INDEX_RANGE', `there is no ${what} ${i}, the dataset has ${count}`, {
    path,
    expected: count,
    actual: i,
  });
}
