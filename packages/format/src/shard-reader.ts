import { ZcError } from '@zc/errors';
import { type Digests, pureDigests } from './digests.js';
import type { EncodedSample } from './encode-sample.js';
import { FieldReader } from './field-reader.js';
import { type Footer, parseFooter } from './footer.js';
import { HEAD_BYTES, parseHead } from './head.js';
import type { Sample, Schema } from './schema.js';
import type { Source } from './source.js';
import { parseTail, SHARD_BYTES_MIN, TAIL_BYTES, type Tail } from './tail.js';
import { uuidText } from './uuid.js';
import { type VerifyOptions, type VerifyReport, verifyShard } from './verify.js';

/** Stored bytes that `rows` reads ahead of what it gives. */
const WINDOW_BYTES = 4 * 2 ** 20;
/** Rows that `rows` looks up at once. */
const WINDOW_ROWS = 1024;

/** What `ShardReader.open` may be given. */
export interface ShardReaderOptions {
  /** Faster checksums than the pure ones. */
  digests?: Digests | undefined;
}

/**
 * One shard over any source.
 *
 * Head, tail and footer are checked when it is opened, tables and rows whenever they are read. Values are
 * the caller's own, or views of a piece that was read for them, which they keep alive.
 *
 * @example
 * const shard = await ShardReader.open<typeof schema>(blobSource(file));
 * for await (const row of shard.rows()) console.log(row.label);
 */
export class ShardReader<S extends Schema = Schema> {
  readonly footer: Footer;
  /** As text. */
  readonly uuid: string;
  readonly #source: Source;
  readonly #tail: Tail;
  readonly #digests: Digests;
  readonly #fields: readonly FieldReader[];
  readonly #byName: ReadonlyMap<string, FieldReader>;

  /**
   * Reads and checks head, tail and footer, in the order of the specification's section 4.
   *
   * @throws ZC_FORMAT_* for what is not a whole shard, and what the source throws
   */
  static async open<S extends Schema = Schema>(
    source: Source,
    options: ShardReaderOptions = {},
  ): Promise<ShardReader<S>> {
    const { name, sizeBytes } = source;
    if (sizeBytes < SHARD_BYTES_MIN) parseTail(new Uint8Array(0), sizeBytes, name);
    const [headBytes, tailBytes] = await Promise.all([
      source.read(0, HEAD_BYTES),
      source.read(sizeBytes - TAIL_BYTES, TAIL_BYTES),
    ]);
    const tail = parseTail(tailBytes, sizeBytes, name, headBytes);
    const head = parseHead(headBytes, tail, name);
    const footerBytes = await source.read(tail.footerOffset, tail.footerBytes);
    return new ShardReader<S>(source, tail, parseFooter(footerBytes, tail, name, head), options);
  }

  private constructor(source: Source, tail: Tail, footer: Footer, options: ShardReaderOptions) {
    const { digests = pureDigests } = options;
    this.footer = footer;
    this.uuid = uuidText(tail.uuid);
    this.#source = source;
    this.#tail = tail;
    this.#digests = digests;
    this.#fields = footer.layout.map(
      (layout) => new FieldReader(source, layout, footer.samples, digests.crc32c),
    );
    this.#byName = new Map(this.#fields.map((reader) => [reader.layout.field.name, reader]));
  }

  get name(): string {
    return this.#source.name;
  }

  /** Number of samples. */
  get length(): number {
    return this.footer.samples;
  }

  get schema(): S {
    return this.footer.schema as S;
  }

  /**
   * Sample `i`.
   *
   * @throws ZC_INDEX_RANGE, ZC_FORMAT_CHECKSUM, ZC_FORMAT_TABLE, ZC_FORMAT_VALUE, ZC_FORMAT_LIMIT
   */
  async get(i: number): Promise<Sample<S>> {
    this.#demandRow(i);
    const values = await Promise.all(this.#fields.map((reader) => reader.values(i, i + 1)));
    return this.#sample(values, 0);
  }

  /**
   * The value of one field of sample `i`; the others are not read.
   *
   * @throws ZC_ARGUMENT for a field that is not there, and what `get` throws
   */
  async readRow<N extends keyof Sample<S> & string>(field: N, i: number): Promise<Sample<S>[N]> {
    this.#demandRow(i);
    const [value] = await this.#readerOf(field).values(i, i + 1);
    return value as Sample<S>[N];
  }

  /**
   * Samples `start` to `end - 1` in order, read in pieces of a few MiB.
   *
   * A tensor that is kept keeps its whole piece alive: copy what has to stay.
   */
  async *rows(start = 0, end = this.length): AsyncGenerator<Sample<S>, void, undefined> {
    for await (const [at, stop] of this.#windows(this.#fields, start, end)) {
      const values = await Promise.all(this.#fields.map((reader) => reader.values(at, stop)));
      for (let i = 0; i < stop - at; i++) yield this.#sample(values, i);
    }
  }

  /**
   * The values of one field of samples `start` to `end - 1` in order; the others are not read.
   *
   * @throws ZC_ARGUMENT for a field that is not there, and what `rows` throws
   */
  async *values<N extends keyof Sample<S> & string>(
    field: N,
    start = 0,
    end = this.length,
  ): AsyncGenerator<Sample<S>[N], void, undefined> {
    const reader = this.#readerOf(field);
    for await (const [at, stop] of this.#windows([reader], start, end)) {
      yield* (await reader.values(at, stop)) as Sample<S>[N][];
    }
  }

  /**
   * Samples `start` to `end - 1` in stored form, for `ShardWriter.appendEncoded`: as `rows`, but nothing is decoded.
   *
   * Checksums and lengths are checked, values are not: what was written wrong stays so. A row that is kept keeps its
   * whole piece alive.
   *
   * @throws ZC_INDEX_RANGE, ZC_FORMAT_CHECKSUM, ZC_FORMAT_TABLE, ZC_FORMAT_VALUE, ZC_FORMAT_LIMIT
   */
  async *encodedRows(start = 0, end = this.length): AsyncGenerator<EncodedSample, void, undefined> {
    for await (const [at, stop] of this.#windows(this.#fields, start, end)) {
      const stored = await Promise.all(this.#fields.map((reader) => reader.stored(at, stop)));
      for (let i = 0; i < stop - at; i++) {
        const rows = stored.map((field) => field.rows[i]!);
        const bytes = rows.reduce((sum, row) => sum + row.length, 0);
        yield { rows, dims: stored.map((field) => field.dims[i]!), bytes };
      }
    }
  }

  /**
   * Checks every byte of the file (specification, section 9).
   *
   * Damage is collected, not thrown.
   *
   * @throws ZC_ABORTED and what the source throws
   */
  async verify(options: VerifyOptions = {}): Promise<VerifyReport> {
    return verifyShard(
      { source: this.#source, tail: this.#tail, footer: this.footer, digests: this.#digests },
      options,
    );
  }

  #readerOf(field: string): FieldReader {
    const reader = this.#byName.get(field);
    if (reader) return reader;
    throw new ZcError('ZC_ARGUMENT', `the shard has no field "${field}"`, {
      path: this.name,
      expected: [...this.#byName.keys()],
      actual: field,
    });
  }

  /** Runs of samples that are read at once: the first of each, and the one behind its last. */
  async *#windows(
    fields: readonly FieldReader[],
    start: number,
    end: number,
  ): AsyncGenerator<readonly [number, number], void, undefined> {
    if (start < end) {
      this.#demandRow(start);
      this.#demandRow(end - 1);
    }
    for (let at = start; at < end; ) {
      const stop = await this.#windowEnd(fields, at, Math.min(end, at + WINDOW_ROWS));
      yield [at, stop];
      at = stop;
    }
  }

  /** The most rows from `start` on that together stay within a window; at least one. */
  async #windowEnd(fields: readonly FieldReader[], start: number, end: number): Promise<number> {
    const ranges = await Promise.all(fields.map((reader) => reader.ranges(start, end)));
    let count = 1;
    for (; count < end - start; count++) {
      let bytes = 0;
      for (const { starts, ends } of ranges) bytes += ends[count]! - starts[0]!;
      if (bytes > WINDOW_BYTES) break;
    }
    return start + count;
  }

  #sample(values: readonly unknown[][], i: number): Sample<S> {
    // Not by assignment: a field may have any name, `__proto__` included.
    return Object.fromEntries(
      this.#fields.map(({ layout }, field) => [layout.field.name, values[field]![i]]),
    ) as Sample<S>;
  }

  #demandRow(i: number): void {
    if (Number.isInteger(i) && i >= 0 && i < this.length) return;
    throw new ZcError('ZC_INDEX_RANGE', `there is no sample ${i}, the shard has ${this.length}`, {
      path: this.name,
      expected: this.length,
      actual: i,
    });
  }
}
