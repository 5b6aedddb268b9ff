import { join } from 'node:path';
import { ZcError } from '@zc/errors';
import type { Digests } from '../digests.js';
import { type EncodedSample, SampleEncoder } from '../encode-sample.js';
import { type Manifest, type ShardEntry, shardName } from '../manifest.js';
import type { SampleInput, Schema } from '../schema.js';
import { ShardWriter } from '../shard-writer.js';
import type { ZstdCompressor } from '../zstd.js';
import { type FileSink, fileSink } from './file-sink.js';
import { type Identity, journalShard, type Progress, readProgress, startJournal } from './journal.js';
import { nodeDigests } from './node-digests.js';
import { openPartial, type PartialDirectory, publishManifest } from './publish.js';

const SHARD_BYTES = 256 * 2 ** 20;

/** What `DatasetWriter.create` is given. */
export interface DatasetWriterOptions<S extends Schema = Schema> {
  schema: S;
  /** The most bytes of rows in a shard, unless a single sample has more; 256 MiB. */
  shardBytes?: number | undefined;
  /** Whether the manifest tells the SHA-256 of every shard; true. */
  sha256?: boolean | undefined;
  /** Whether a dataset that lies at the target is replaced; false. */
  overwrite?: boolean | undefined;
  /** Faster checksums than Node's SHA-256 and the pure CRC32C. */
  digests?: Digests | undefined;
  /** What compresses the rows of fields with the codec zstd; a schema that has some is refused without it. */
  zstd?: ZstdCompressor | undefined;
  /** Whether all samples come in stored form, by `appendEncoded`: then nothing has to compress; false. */
  encodedOnly?: boolean | undefined;
  /** Bytes held in memory of what waits for its place in a shard, before it is spilled to the disk; 32 MiB. */
  heldBytesMax?: number | undefined;
  /** Another way to write files, for example direct to the device. */
  openSink?: ((path: string) => Promise<FileSink>) | undefined;
  /** Called when a shard is on the disk. */
  onShard?: ((shard: ShardEntry) => void) | undefined;
  /** Makes the writing one that can go on after an interruption. */
  resumable?: Resumable | undefined;
}

/**
 * How a writing goes on after an interruption: the shards that are whole stay when the writer is aborted or its process
 * dies, and a later writer takes them over, or removes them.
 */
export interface Resumable {
  /** Whether this writer takes over what an earlier one has left, where there is something. */
  readonly resume: boolean;
  /** Plain JSON that says from what and how the dataset is made: what was left by a writer with another is refused. */
  readonly identity: Identity;
  /** Where the input stands, as plain JSON: asked at the end of each shard, before the sample that opens the next. */
  position(): unknown;
}

/** A shard that is being written. */
interface OpenShard {
  readonly name: string;
  readonly sink: FileSink;
  readonly writer: ShardWriter;
}

/**
 * Writes a dataset: shards and their manifest, in a directory that appears all at once with `finish`.
 *
 * Where shards end depends on the samples and `shardBytes` alone (specification, section 11).
 *
 * @example
 * await using writer = await DatasetWriter.create('data/train', { schema });
 * for (const sample of samples) await writer.append(sample);
 * const manifest = await writer.finish(); // without it nothing appears
 */
export class DatasetWriter<S extends Schema = Schema> {
  readonly #options: DatasetWriterOptions<S>;
  readonly #shardBytes: number;
  readonly #partial: PartialDirectory;
  readonly #encoder: SampleEncoder | undefined;
  readonly #shards: ShardEntry[] = [];
  /** What was taken over of a writer that was interrupted; undefined where everything is written here. */
  readonly resumed: Progress | undefined;
  #shard: OpenShard | undefined;
  /** The shard before it, on its way to the disk. */
  #settling: Promise<void> = Promise.resolve();
  #keptSamples = 0;
  #samples = 0;
  #state: 'open' | 'busy' | 'closed' = 'open';
  /** The call that is under way, or was last. */
  #running: Promise<unknown> | undefined;

  /** @throws ZC_ARGUMENT, ZC_FORMAT_CODEC, ZC_FORMAT_BUSY, ZC_IO_EXISTS, ZC_IO_WRITE */
  static async create<S extends Schema>(
    directory: string,
    options: DatasetWriterOptions<S>,
  ): Promise<DatasetWriter<S>> {
    if (typeof options?.schema !== 'object' || options.schema === null) {
      throw new ZcError('ZC_ARGUMENT', 'a dataset is written by a schema', {
        actual: options?.schema,
        advice: 'Pass { schema: defineSchema({ … }) }.',
      });
    }
    const { schema, shardBytes = SHARD_BYTES, overwrite = false } = options;
    if (!Number.isSafeInteger(shardBytes) || shardBytes < 1) {
      throw new ZcError('ZC_ARGUMENT', `shardBytes is ${shardBytes}, expected a whole number of 1 or more`, {
        actual: shardBytes,
      });
    }
    const encoder = options.encodedOnly ? undefined : new SampleEncoder(schema, options.zstd);
    const { resumable, digests = nodeDigests } = options;
    const partial = await openPartial(directory, { overwrite, takeOver: resumable?.resume ?? false });
    if (!resumable) return new DatasetWriter(options, { shardBytes, partial, encoder });
    try {
      const { identity } = resumable;
      const resumed = resumable.resume ? await readProgress(partial.path, { identity, digests }) : undefined;
      if (!resumed) await startJournal(partial.path, identity);
      return new DatasetWriter(options, { shardBytes, partial, encoder, resumed });
    } catch (error) {
      // What was left stays for whoever comes with what it was made from.
      await partial.release();
      throw error;
    }
  }

  private constructor(
    options: DatasetWriterOptions<S>,
    parts: {
      shardBytes: number;
      partial: PartialDirectory;
      encoder: SampleEncoder | undefined;
      resumed?: Progress | undefined;
    },
  ) {
    this.#options = options;
    this.#shardBytes = parts.shardBytes;
    this.#partial = parts.partial;
    this.#encoder = parts.encoder;
    this.resumed = parts.resumed;
    for (const shard of parts.resumed?.shards ?? []) {
      this.#shards.push(shard);
      this.#samples += shard.samples;
      this.#keptSamples += shard.samples;
    }
  }

  /**
   * The directory beside the target that it works in. Whatever dies with the writer can lie there too, as long as it
   * is gone before `finish`.
   */
  get workPath(): string {
    return this.#partial.path;
  }

  /** Number of samples appended so far. */
  get length(): number {
    return this.#samples;
  }

  /**
   * Appends a sample; wait for the promise before the next call and before its arrays are changed.
   *
   * A sample that is refused leaves nothing behind: others can follow. After any other error the writer is closed.
   *
   * @throws ZC_FORMAT_VALUE naming field and row, ZC_FORMAT_LIMIT, ZC_CLOSED, ZC_IO_WRITE
   */
  async append(sample: SampleInput<S>): Promise<void> {
    const wait = this.write(sample);
    if (wait) await wait;
  }

  /** Appends a sample whose rows are in stored form; see `ShardWriter.appendEncoded`. Any error closes the writer. */
  async appendEncoded(sample: EncodedSample): Promise<void> {
    const wait = this.writeEncoded(sample);
    if (wait) await wait;
  }

  /**
   * As `append`, for many small samples: gives a promise only where the disk has to be waited for.
   *
   * @example
   * const wait = writer.write(sample);
   * if (wait) await wait;
   */
  write(sample: SampleInput<S>): Promise<void> | undefined {
    this.#demandOpen();
    if (!this.#encoder) throw new ZcError('ZC_ARGUMENT', 'this writer takes samples in stored form alone');
    return this.writeEncoded(this.#encoder.encode(sample as Record<string, unknown>, this.#samples));
  }

  /** As `appendEncoded`; see `write`. */
  writeEncoded(sample: EncodedSample): Promise<void> | undefined {
    this.#demandOpen();
    const writer = this.#shard?.writer;
    if (!writer || this.#isFull(writer, sample.bytes)) {
      return this.#work(async () => {
        await this.#closeShard();
        const { writer } = await this.#openShard();
        await writer.appendEncoded(sample);
        this.#samples++;
      });
    }
    let wait: Promise<void> | undefined;
    try {
      wait = writer.writeEncoded(sample);
    } catch (error) {
      return this.#work(() => Promise.reject(error));
    }
    if (wait) return this.#work(() => wait.then(() => void this.#samples++));
    this.#samples++;
    return undefined;
  }

  /**
   * Writes the manifest and publishes the dataset.
   *
   * A dataset without samples has one shard without samples.
   *
   * @throws ZC_CLOSED, ZC_IO_WRITE, ZC_IO_EXISTS
   */
  async finish(): Promise<Manifest<S>> {
    return this.#work(async () => {
      if (!this.#shard && this.#shards.length === 0) await this.#openShard();
      await this.#closeShard();
      await this.#settling;
      const manifest = await publishManifest(this.#partial, this.#options.schema, this.#shards);
      this.#state = 'closed';
      return manifest;
    });
  }

  /** Number of samples in shards that stay for another writer when this one is given up; see `Resumable`. */
  get keptSamples(): number {
    return this.#keptSamples;
  }

  /**
   * Drops everything, but what another writer may take over; nothing appears at the target. Does nothing after `finish`.
   */
  async abort(): Promise<void> {
    // A call under way ends first: nothing is removed under it, and what it has published stays.
    await this.#running?.catch(() => {});
    await this.#drop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort();
  }

  #isFull(writer: ShardWriter, bytes: number): boolean {
    return writer.length > 0 && writer.storedBytes + bytes > this.#shardBytes;
  }

  async #openShard(): Promise<OpenShard> {
    const { schema, digests = nodeDigests, sha256, heldBytesMax, openSink = fileSink } = this.#options;
    const name = shardName(this.#shards.length);
    const sink = await openSink(join(this.#partial.path, name));
    const writer = await ShardWriter.create(sink, {
      schema,
      digests,
      sha256,
      heldBytesMax,
      encodedOnly: true,
    });
    this.#shard = { name, sink, writer: writer as unknown as ShardWriter };
    return this.#shard;
  }

  /** Completes the shard; while it goes to the disk the next one is begun. */
  async #closeShard(): Promise<void> {
    if (!this.#shard) return;
    const { name, sink, writer } = this.#shard;
    const position = this.#options.resumable?.position();
    const entry = { name, ...(await writer.finish()) };
    await this.#settling;
    this.#shard = undefined;
    this.#shards.push(entry);
    this.#settling = this.#settle(sink, entry, position);
    // Whoever waits next gets the error; until then it must not count as unhandled.
    this.#settling.catch(() => {});
  }

  async #settle(sink: FileSink, entry: ShardEntry, position: unknown): Promise<void> {
    try {
      await sink.finish();
    } catch (error) {
      await sink.close();
      throw error;
    }
    if (this.#options.resumable) {
      await journalShard(this.#partial.path, entry, position);
      this.#keptSamples += entry.samples;
    }
    this.#options.onShard?.(entry);
  }

  /** Runs one call; an error in it ends the writer and leaves nothing behind. */
  async #work<T>(run: () => Promise<T>): Promise<T> {
    this.#demandOpen();
    this.#state = 'busy';
    const running = run().then(
      (result) => {
        if (this.#state === 'busy') this.#state = 'open';
        return result;
      },
      async (error) => {
        await this.#drop();
        throw error;
      },
    );
    this.#running = running;
    return running;
  }

  async #drop(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    try {
      await this.#shard?.writer.abort();
      await this.#shard?.sink.close();
      await this.#settling.catch(() => {});
    } finally {
      await (this.#keptSamples > 0 ? this.#partial.release() : this.#partial.discard());
    }
  }

  #demandOpen(): void {
    if (this.#state === 'open') return;
    throw this.#state === 'busy'
      ? new ZcError('ZC_ARGUMENT', 'the writer was called before its last promise had settled', {
          advice: 'Wait for each `append` before the next call.',
        })
      : new ZcError('ZC_CLOSED', 'the dataset writer is closed');
  }
}
