import { ZcError } from '@zc/errors';
import { BLOCK_BYTES, roundUp } from './block.js';
import { Column } from './column.js';
import { crc32c } from './crc32c.js';
import { type Digests, type Hasher, pureDigests } from './digests.js';
import { type EncodedSample, SampleEncoder } from './encode-sample.js';
import { encodeFooter } from './footer.js';
import { encodeHead, HEAD_BYTES } from './head.js';
import { type FieldLayout, type FieldPlan, type Part, planFields, regionOrder } from './layout.js';
import { limits, refuseAbove } from './limits.js';
import { Output } from './output.js';
import type { SampleInput, Schema } from './schema.js';
import type { Sink } from './sink.js';
import { type Spool, SpoolPool } from './spool.js';
import { encodeTail, TAIL_BYTES } from './tail.js';
import { bytesToHex, uuidOf, uuidText } from './uuid.js';
import type { ZstdCompressor } from './zstd.js';

/** Bytes that are held in memory for the fields that have to wait, before they are spilled. */
const HELD_BYTES_MAX = 32 * 2 ** 20;

/** What a `ShardWriter` is made with. */
export interface ShardWriterOptions<S extends Schema = Schema> {
  schema: S;
  /** Faster checksums than the pure ones. */
  digests?: Digests | undefined;
  /** Whether the SHA-256 of the whole file is computed as it is written; true. */
  sha256?: boolean | undefined;
  /** What compresses the rows of fields with the codec zstd; a schema that has some is refused without it. */
  zstd?: ZstdCompressor | undefined;
  /** Whether all samples come in stored form, by `appendEncoded`: then nothing has to compress; false. */
  encodedOnly?: boolean | undefined;
  /** Bytes held in memory before what waits is spilled to the sink's area; 32 MiB. */
  heldBytesMax?: number | undefined;
}

/** What was written. */
export interface ShardSummary {
  readonly bytes: number;
  readonly samples: number;
  readonly uuid: string;
  /** Lower-case hex of the whole file's SHA-256. */
  readonly sha256: string | null;
}

/**
 * Writes one shard in one pass (specification, section 2).
 *
 * The main field's rows go straight to the sink; those of the others wait, in memory up to a bound, then in
 * the area that the sink offers, until `finish` puts them and the tables behind. The sink stays the caller's:
 * it is neither flushed to a device nor closed here. What was written is a shard only after `finish`.
 *
 * @example
 * const writer = await ShardWriter.create(sink, { schema });
 * for (const sample of samples) await writer.append(sample);
 * const { samples, uuid } = await writer.finish();
 */
export class ShardWriter<S extends Schema = Schema> {
  readonly schema: S;
  readonly #output: Output;
  readonly #plans: readonly FieldPlan[];
  readonly #encoder: SampleEncoder | undefined;
  readonly #columns: readonly Column[];
  /** The rows of each field; `undefined` for the main one, whose rows are in the file already. */
  readonly #rows: readonly (Spool | undefined)[];
  readonly #pool: SpoolPool;
  readonly #digests: Digests;
  readonly #fileHasher: Hasher | undefined;
  #state: 'open' | 'busy' | 'closed' = 'open';
  #samples = 0;
  #storedBytes = 0;

  /** @throws ZC_FORMAT_CODEC for a schema with compressed fields that `zstd` cannot write, ZC_IO_WRITE */
  static async create<S extends Schema>(sink: Sink, options: ShardWriterOptions<S>): Promise<ShardWriter<S>> {
    const writer = new ShardWriter(sink, options);
    await writer.#output.write(encodeHead());
    return writer;
  }

  private constructor(sink: Sink, options: ShardWriterOptions<S>) {
    const { schema, digests = pureDigests, sha256 = true, heldBytesMax = HELD_BYTES_MAX } = options;
    this.schema = schema;
    this.#digests = digests;
    this.#fileHasher = sha256 ? digests.sha256() : undefined;
    this.#output = new Output(sink, this.#fileHasher);
    this.#plans = planFields(schema);
    if (!options.encodedOnly) this.#encoder = new SampleEncoder(schema, options.zstd);
    this.#pool = new SpoolPool(heldBytesMax, sink.spill?.bind(sink));
    const isMain = (name: string) => name === schema.main;
    this.#rows = this.#plans.map(({ field }) => (isMain(field.name) ? undefined : this.#pool.spool()));
    this.#columns = this.#plans.map((plan, i) => {
      const rows = this.#rows[i];
      const write = (bytes: Uint8Array) =>
        (rows ? rows.append(bytes) : this.#output.write(bytes)) ?? undefined;
      return new Column(plan, write, this.#pool, digests.crc32c);
    });
  }

  /** Number of samples appended so far. */
  get length(): number {
    return this.#samples;
  }

  /** Bytes of the rows appended so far, padding left out. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /**
   * Appends a sample; wait for the promise before the next call and before its arrays are changed.
   *
   * A sample that is refused leaves nothing behind: others can follow.
   *
   * @throws ZC_FORMAT_VALUE naming field and row, ZC_FORMAT_LIMIT, ZC_CLOSED, ZC_IO_WRITE
   */
  async append(sample: SampleInput<S>): Promise<void> {
    this.#demandOpen();
    if (!this.#encoder) throw new ZcError('ZC_ARGUMENT', 'this writer takes samples in stored form alone');
    await this.appendEncoded(this.#encoder.encode(sample as Record<string, unknown>, this.#samples));
  }

  /**
   * Appends a sample whose rows are in stored form already; only their lengths are checked.
   *
   * @throws ZC_FORMAT_VALUE, ZC_FORMAT_LIMIT, ZC_CLOSED, ZC_IO_WRITE
   */
  async appendEncoded(sample: EncodedSample): Promise<void> {
    const wait = this.writeEncoded(sample);
    if (wait) await wait;
  }

  /** As `appendEncoded`, and gives a promise only where the sink has to be waited for. */
  writeEncoded(sample: EncodedSample): Promise<void> | undefined {
    this.#demandOpen();
    this.#checkLengths(sample);
    let wait: Promise<void> | undefined;
    for (let i = 0; i < this.#columns.length; i++) {
      // The main field's alone may have to wait: the rows of all others go to memory.
      wait = this.#columns[i]!.append(sample.rows[i]!, sample.dims[i]!) ?? wait;
    }
    if (wait || this.#pool.isOverBudget) return this.#waitFor(wait, sample.bytes);
    this.#samples++;
    this.#storedBytes += sample.bytes;
    return undefined;
  }

  async #waitFor(wait: Promise<void> | undefined, bytes: number): Promise<void> {
    this.#state = 'busy';
    try {
      await wait;
      this.#samples++;
      this.#storedBytes += bytes;
      if (this.#pool.isOverBudget) await this.#pool.relieve();
    } catch (error) {
      await this.#close();
      throw error;
    }
    // It may have been aborted meanwhile.
    if (this.#state !== 'busy') await this.#close();
    else this.#state = 'open';
  }

  /**
   * Writes what is left and closes the writer.
   *
   * @throws ZC_FORMAT_LIMIT, ZC_CLOSED, ZC_IO_WRITE
   */
  async finish(): Promise<ShardSummary> {
    this.#demandOpen();
    this.#state = 'busy';
    try {
      for (const column of this.#columns) column.finish();
      return await this.#writeRest();
    } finally {
      await this.#close();
    }
  }

  /** Closes the writer and drops what waits; what the sink has is no shard. Does nothing after `finish`. */
  async abort(): Promise<void> {
    const isBusy = this.#state === 'busy';
    this.#state = 'closed';
    // A call under way still needs what waits, and closes it when it ends.
    if (!isBusy) await this.#pool.close();
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    await this.#pool.close();
  }

  async #writeRest(): Promise<ShardSummary> {
    const layout = this.#settleLayout();
    const footer = encodeFooter({ samples: this.#samples, schema: this.schema, layout });
    const hasher = this.#digests.sha256();
    const head = encodeHead();
    hasher.update(head);
    hasher.update(footer);
    for (const { field } of regionOrder(layout, this.schema.main)) {
      const rows = this.#rows[this.schema.fields.indexOf(field)];
      if (rows) await this.#writeSpool(rows);
    }
    for (const { ends, dims, checksums } of this.#columns) {
      for (const table of [ends, dims, checksums]) if (table) await this.#writeSpool(table.spool, hasher);
    }
    await this.#output.padToBlock();
    const tail = {
      footerOffset: this.#output.position,
      footerBytes: footer.length,
      fileBytes: this.#output.position + footer.length + TAIL_BYTES,
      footerCrc: crc32c(footer),
      headCrc: crc32c(head),
      uuid: uuidOf(hasher),
    };
    refuseAbove('FOOTER_BYTES_MAX', footer.length, 'the length of the footer');
    refuseAbove('FILE_BYTES_MAX', tail.fileBytes, 'the length of the file');
    await this.#output.write(footer);
    await this.#output.write(encodeTail(tail));
    await this.#output.flush();
    return {
      bytes: tail.fileBytes,
      samples: this.#samples,
      uuid: uuidText(tail.uuid),
      sha256: this.#fileHasher ? bytesToHex(this.#fileHasher.digest()) : null,
    };
  }

  /** Where every part will lie: all lengths are known once the last row has been appended. */
  #settleLayout(): FieldLayout[] {
    let at: number = HEAD_BYTES;
    const place = (length: number): Part => {
      const part = { offset: at, length };
      at = roundUp(at + length, BLOCK_BYTES);
      return part;
    };
    const ordered = regionOrder(this.#plans, this.schema.main);
    const columnOf = (plan: (typeof ordered)[number]) =>
      this.#columns.find((column) => column.plan === plan)!;
    const regions = new Map(ordered.map((plan) => [plan, place(columnOf(plan).regionBytes)]));
    return this.#columns.map(({ plan, ends, dims, checksums }) => ({
      ...plan,
      region: regions.get(plan)!,
      ...(ends && { ends: place(ends.spool.length) }),
      ...(dims && { dims: place(dims.spool.length) }),
      checksums: place(checksums.spool.length),
    }));
  }

  async #writeSpool(spool: Spool, hasher?: Hasher): Promise<void> {
    await this.#output.padToBlock();
    for await (const piece of spool.pieces()) {
      hasher?.update(piece);
      await this.#output.write(piece);
    }
  }

  #checkLengths({ rows, dims, bytes }: EncodedSample): void {
    refuseAbove('SAMPLES_PER_SHARD_MAX', this.#samples + 1, 'the number of samples');
    refuseAbove('FILE_BYTES_MAX', this.#storedBytes + bytes, 'the length of the rows');
    for (let i = 0; i < this.#columns.length; i++) {
      const { plan } = this.#columns[i]!;
      const length = rows[i]?.length;
      const dimCount = plan.dimsPerRow;
      const fits =
        length !== undefined &&
        length <= limits.ROW_BYTES_MAX &&
        (plan.fixed ? length === plan.rowBytes : length % plan.elementBytes === 0) &&
        dims[i]?.length === dimCount;
      if (fits) continue;
      const { name } = plan.field;
      throw new ZcError('ZC_FORMAT_VALUE', `row ${this.#samples} of field "${name}" has ${length} bytes`, {
        field: name,
        row: this.#samples,
        expected: plan.fixed
          ? plan.rowBytes
          : `a multiple of ${plan.elementBytes} and ${dimCount} dimensions`,
        actual: length,
      });
    }
  }

  #demandOpen(): void {
    if (this.#state === 'open') return;
    throw this.#state === 'busy'
      ? new ZcError('ZC_ARGUMENT', 'the writer was called before its last promise had settled', {
          advice: 'Wait for each `append` before the next call.',
        })
      : new ZcError('ZC_CLOSED', 'the shard writer is closed');
  }
}
