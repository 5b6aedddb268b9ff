import { BLOCK_BYTES, roundUp } from './block.js';
import type { Digests } from './digests.js';
import type { FieldPlan } from './layout.js';
import type { Spool, SpoolPool } from './spool.js';
import { TableEncoder } from './tables.js';

/** A table that grows. */
interface TableColumn {
  readonly spool: Spool;
  readonly encoder: TableEncoder;
}

/** One field of a shard that is being written: where its rows go, and the tables that tell of them. */
export class Column {
  readonly plan: FieldPlan;
  readonly ends: TableColumn | undefined;
  readonly dims: TableColumn | undefined;
  readonly checksums: TableColumn;
  readonly #write: (bytes: Uint8Array) => Promise<void> | undefined;
  readonly #crc32c: Digests['crc32c'];
  readonly #blocks: BlockChecksums | undefined;
  /** Bytes of the region so far. */
  regionBytes = 0;

  constructor(
    plan: FieldPlan,
    write: (bytes: Uint8Array) => Promise<void> | undefined,
    pool: SpoolPool,
    crc32c: Digests['crc32c'],
  ) {
    const table = (type: 'u64' | 'u32'): TableColumn => {
      const spool = pool.spool();
      return { spool, encoder: new TableEncoder(type, (block) => spool.append(block), crc32c) };
    };
    this.plan = plan;
    this.#write = write;
    this.#crc32c = crc32c;
    this.ends = plan.fixed ? undefined : table('u64');
    this.dims = plan.storesDims ? table('u32') : undefined;
    this.checksums = table('u32');
    if (plan.checksumUnit === 'block') this.#blocks = new BlockChecksums(this.checksums.encoder, crc32c);
  }

  /** Appends a row; gives a promise only where the place that rows go to has to be waited for. */
  append(row: Uint8Array, dims: Uint32Array): Promise<void> | undefined {
    const padding = roundUp(this.regionBytes, this.plan.rowAlign) - this.regionBytes;
    const padded = padding > 0 ? this.#put(ZEROS.subarray(0, padding)) : undefined;
    this.regionBytes += row.length;
    this.#blocks?.update(row);
    if (!this.#blocks) this.checksums.encoder.push(this.#crc32c(row));
    this.ends?.encoder.push(this.regionBytes);
    for (let i = 0; i < dims.length; i++) this.dims!.encoder.push(dims[i]!);
    return padded ? padded.then(() => this.#write(row)) : this.#write(row);
  }

  /** Completes the tables; no rows may follow. */
  finish(): void {
    this.#blocks?.finish();
    for (const table of [this.ends, this.dims, this.checksums]) table?.encoder.finish();
  }

  #put(padding: Uint8Array): Promise<void> | undefined {
    this.regionBytes += padding.length;
    this.#blocks?.update(padding);
    return this.#write(padding);
  }
}

/** Checksums of each 4096-byte block of a stream. */
class BlockChecksums {
  readonly #table: TableEncoder;
  readonly #crc32c: Digests['crc32c'];
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #used = 0;

  constructor(table: TableEncoder, crc32c: Digests['crc32c']) {
    this.#table = table;
    this.#crc32c = crc32c;
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, BLOCK_BYTES - this.#used);
      const part = count === bytes.length ? bytes : bytes.subarray(at, at + count);
      at += count;
      if (count === BLOCK_BYTES) {
        this.#table.push(this.#crc32c(part));
        continue;
      }
      this.#block.set(part, this.#used);
      this.#used += count;
      if (this.#used === BLOCK_BYTES) this.finish();
    }
  }

  finish(): void {
    if (this.#used > 0) this.#table.push(this.#crc32c(this.#block.subarray(0, this.#used)));
    this.#used = 0;
  }
}

const ZEROS = new Uint8Array(BLOCK_BYTES);
