import { ZcError } from '@zc/errors';
import type { BufferPool } from './buffer-pool.js';
import type { NativeLease } from './native-addon.js';

/** Where a slot lies: what another process needs to find it in the pool's shared memory. */
export interface SlotPlace {
  /** Which of the pool's segments, in the order of `BufferPool.segments`. */
  readonly segment: number;
  /** Which slot of the segment. */
  readonly index: number;
  /** Rises with each lease of this slot; what a consumer stores into the control word to give it back. */
  readonly generation: number;
  /** Bytes from the start of the segment. */
  readonly offset: number;
}

/** How the pool serves its leases; not for users. */
export interface LeaseHome {
  readonly detach: boolean;
  /** The buffer for a slot, where the pool keeps one. */
  keptBuffer(lease: NativeLease): ArrayBuffer;
  onReleased(): void;
}

/**
 * A leased slot of a `BufferPool`: memory that reads land in, and that other processes may see.
 *
 * The lease belongs to whoever acquired it and to each `retain()`. With the last `release()` the slot goes
 * back to the pool and `buffer`, with all views of it, is detached: its length becomes 0, so that stale data
 * cannot be read by mistake. A read in flight keeps the slot from being reused until it has ended. A lease
 * that is forgotten is given back when it and its buffer have been collected.
 *
 * @example
 * using lease = pool.acquire() ?? (await pool.acquireAsync());
 * await engine.read(lease, plan);
 * const pixels = new Uint8Array(lease.buffer, 0, 150_528);
 */
export class ZeroCopyBuffer implements Disposable {
  readonly slot: SlotPlace;
  /** Where the slot comes from; its `segments` say which memory `slot` speaks of. */
  readonly pool: BufferPool;
  readonly #lease: NativeLease;
  readonly #home: LeaseHome;
  #buffer: ArrayBuffer | undefined;
  #references = 1;

  /** @internal Made by `BufferPool`. */
  constructor(lease: NativeLease, home: LeaseHome, pool: BufferPool) {
    this.pool = pool;
    this.#lease = lease;
    this.#home = home;
    this.slot = {
      segment: lease.segment,
      index: lease.index,
      generation: lease.generation,
      offset: lease.offset,
    };
  }

  /**
   * The slot's memory, not a copy. One ArrayBuffer a lease, made when it is first asked for; it cannot be
   * transferred to another thread. Ends with the lease, but for pools with `detach: false`.
   *
   * @throws ZC_IO_CLOSED after the last release
   */
  get buffer(): ArrayBuffer {
    this.#checkHeld();
    this.#buffer ??= this.#home.detach ? this.#lease.buffer() : this.#home.keptBuffer(this.#lease);
    return this.#buffer;
  }

  /** Whether the lease has ended. */
  get released(): boolean {
    return this.#references === 0;
  }

  /**
   * Adds a reference: one more `release()` is needed.
   *
   * @throws ZC_IO_CLOSED after the last release
   */
  retain(): this {
    this.#checkHeld();
    this.#references++;
    return this;
  }

  /** Gives back one reference; the last one ends the lease. Does nothing once it has ended. */
  release(): void {
    if (this.#references === 0) return;
    this.#references--;
    if (this.#references > 0) return;
    this.#lease.release(this.#home.detach ? this.#buffer : undefined);
    this.#buffer = undefined;
    this.#home.onReleased();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal The native side of a lease that is held. */
  static native(buffer: ZeroCopyBuffer): NativeLease {
    buffer.#checkHeld();
    return buffer.#lease;
  }

  #checkHeld(): void {
    if (this.#references === 0) throw new ZcError('ZC_IO_CLOSED', 'the lease of the slot has ended');
  }
}
