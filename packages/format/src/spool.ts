import type { SpillArea } from './sink.js';

/** Memory comes in chunks that double from the first size to the second. */
const CHUNK_MIN_BYTES = 4096;
const CHUNK_MAX_BYTES = 256 * 1024;

const READ_BACK_BYTES = 2 ** 20;

/**
 * Bytes that wait until their place in the file is known: held in memory, spilled to an area beyond a budget.
 *
 * All spools of a shard share one budget and one area; the largest is spilled first.
 */
export class SpoolPool {
  readonly #spools: Spool[] = [];
  readonly #heldBytesMax: number;
  readonly #openArea: (() => Promise<SpillArea>) | undefined;
  #area: SpillArea | undefined;
  #areaBytes = 0;
  /** Bytes of the chunks that all spools hold. */
  heldBytes = 0;

  constructor(heldBytesMax: number, openArea: (() => Promise<SpillArea>) | undefined) {
    this.#heldBytesMax = heldBytesMax;
    this.#openArea = openArea;
  }

  spool(): Spool {
    const spool = new Spool(this);
    this.#spools.push(spool);
    return spool;
  }

  /** Whether `relieve` has work to do. */
  get isOverBudget(): boolean {
    return this.heldBytes > this.#heldBytesMax && this.#openArea !== undefined;
  }

  /** Spills until half of the budget is free, so that it is not called for every row. */
  async relieve(): Promise<void> {
    this.#area ??= await this.#openArea!();
    const bySize = [...this.#spools].sort((a, b) => b.heldBytes - a.heldBytes);
    for (const spool of bySize) {
      if (this.heldBytes <= this.#heldBytesMax / 2) break;
      this.#areaBytes = await spool.spillTo(this.#area, this.#areaBytes);
    }
  }

  async *readBack(offset: number, length: number): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < length; at += READ_BACK_BYTES) {
      yield await this.#area!.read(offset + at, Math.min(READ_BACK_BYTES, length - at));
    }
  }

  async close(): Promise<void> {
    await this.#area?.close();
    this.#area = undefined;
  }
}

/** One sequence of bytes of a `SpoolPool`. */
export class Spool {
  readonly #pool: SpoolPool;
  /** What was spilled: offset in the area and length, alternating. */
  readonly #extents: number[] = [];
  #chunks: Uint8Array[] = [];
  /** Bytes used in the last chunk; the others are full. */
  #used = 0;
  heldBytes = 0;
  length = 0;

  constructor(pool: SpoolPool) {
    this.#pool = pool;
  }

  /** Copies `bytes`. */
  append(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const chunk = this.#chunkWithRoom();
      const count = Math.min(rest.length, chunk.length - this.#used);
      chunk.set(count === rest.length ? rest : rest.subarray(0, count), this.#used);
      this.#used += count;
      rest = count === rest.length ? EMPTY : rest.subarray(count);
    }
    this.length += bytes.length;
  }

  /** Moves all that is held to the area, which has `areaBytes`; gives its new length. */
  async spillTo(area: SpillArea, areaBytes: number): Promise<number> {
    let end = areaBytes;
    for (const chunk of this.#heldParts()) {
      await area.append(chunk);
      end += chunk.length;
    }
    if (end > areaBytes) this.#extents.push(areaBytes, end - areaBytes);
    this.#pool.heldBytes -= this.heldBytes;
    this.heldBytes = 0;
    this.#chunks = [];
    return end;
  }

  /** Everything, in order; a piece is valid until the next one is asked for. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < this.#extents.length; i += 2) {
      yield* this.#pool.readBack(this.#extents[i]!, this.#extents[i + 1]!);
    }
    yield* this.#heldParts();
  }

  *#heldParts(): Generator<Uint8Array> {
    for (const [i, chunk] of this.#chunks.entries()) {
      yield i === this.#chunks.length - 1 ? chunk.subarray(0, this.#used) : chunk;
    }
  }

  #chunkWithRoom(): Uint8Array {
    const last = this.#chunks.at(-1);
    if (last && this.#used < last.length) return last;
    const size = last ? Math.min(last.length * 2, CHUNK_MAX_BYTES) : CHUNK_MIN_BYTES;
    const chunk = new Uint8Array(size);
    this.#chunks.push(chunk);
    this.#used = 0;
    this.heldBytes += size;
    this.#pool.heldBytes += size;
    return chunk;
  }
}

const EMPTY = new Uint8Array(0);
