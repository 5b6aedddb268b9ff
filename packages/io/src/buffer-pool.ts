import { abortedError, ZcError } from '@zc/errors';
import { type NativeBufferPool, type NativeLease, nativeAddon } from './native-addon.js';
import { noticeOnce } from './notice.js';
import { type LeaseHome, ZeroCopyBuffer } from './zero-copy-buffer.js';

/** The most that a slot can have, 4 GiB: Node makes no typed array of more bytes. */
export const SLOT_BYTES_MAX = 2 ** 32;

export interface BufferPoolOptions {
  /** Bytes of one slot, `SLOT_BYTES_MAX` at most. Slots begin at whole pages of 4 KiB. */
  slotBytes: number;
  /** How many slots there are at first, all in one segment. */
  slots: number;
  /** Up to where `grow()` may go, all segments together; left out, it does not grow. */
  maxMemoryBytes?: number;
  /**
   * Whether a buffer is detached when its lease ends (true by default). With false its views go on showing
   * the slot, whatever is read into it next. For those who loop over typed arrays in JavaScript: the first
   * detach in a process makes V8 check every later access of a typed array, at about half the speed.
   */
  detach?: boolean;
}

/** Shared memory of the pool: one memfd, sealed, laid out as control words and then slots. */
export interface PoolSegment {
  /** Stays open as long as the pool; duplicate it to keep it. -1 where the system refuses memfds. */
  readonly fd: number;
  readonly sizeBytes: number;
  /** Where the first slot begins. */
  readonly controlBytes: number;
  readonly slots: number;
}

interface Waiter {
  readonly resolve: (buffer: ZeroCopyBuffer) => void;
  readonly reject: (error: Error) => void;
  /** Keeps the pool alive while somebody waits for it. */
  readonly pool: BufferPool;
}

/**
 * Slots of one size in shared memory, page-aligned and pre-faulted, to be leased and used again.
 *
 * The slot that was freed last is handed out first, for it is the one still in the CPU's cache. The memory
 * stays valid until the pool is closed or gone, and with it every lease and every buffer.
 *
 * @example
 * using pool = new BufferPool({ slotBytes: 8 * 2 ** 20, slots: 4 });
 * using lease = pool.acquire();
 */
export class BufferPool implements Disposable {
  readonly #native: NativeBufferPool;
  readonly #home: LeaseHome;
  readonly #waiters: Waiter[];
  #closed = false;

  /** @throws ZC_ARGUMENT, ZC_IO_MEMORY */
  constructor(options: BufferPoolOptions) {
    if (typeof options !== 'object' || options === null) {
      throw new ZcError('ZC_ARGUMENT', 'a pool is made with slotBytes and slots', { actual: options });
    }
    const { slotBytes, slots, maxMemoryBytes, detach = true } = options;
    checkWhole('slotBytes', slotBytes);
    if (slotBytes > SLOT_BYTES_MAX) {
      throw new ZcError(
        'ZC_ARGUMENT',
        `slotBytes is ${slotBytes}, the largest possible is ${SLOT_BYTES_MAX}`,
        {
          expected: SLOT_BYTES_MAX,
          actual: slotBytes,
        },
      );
    }
    checkWhole('slots', slots);
    if (maxMemoryBytes !== undefined) checkWhole('maxMemoryBytes', maxMemoryBytes);
    const waiters: Waiter[] = [];
    // The native pool holds this function, so it must not hold the pool.
    const onFree = () => serveFirst(waiters);
    const native = new (nativeAddon().BufferPool)(
      { slotBytes, slots, maxMemoryBytes: maxMemoryBytes ?? 0 },
      onFree,
    );
    if (native.segments()[0]!.fd < 0) {
      noticeOnce(
        'ZC_IO_NO_MEMFD',
        'memfd_create is refused to this process: its slots cannot be shared with another process, such as a trainer in Python',
      );
    }
    this.#native = native;
    this.#waiters = waiters;
    this.#home = { detach, keptBuffer: keepBuffers(), onReleased: onFree };
  }

  /** A free slot, or null when all are leased. Never waits. */
  acquire(): ZeroCopyBuffer | null {
    this.#checkOpen();
    return this.#lease();
  }

  /**
   * A slot, as soon as one is free; those who wait are served in their order.
   *
   * @throws ZC_ABORTED through the signal, ZC_IO_CLOSED when the pool is closed meanwhile
   */
  async acquireAsync(signal?: AbortSignal): Promise<ZeroCopyBuffer> {
    this.#checkOpen();
    if (signal?.aborted) throw abortedError('waiting for a slot', signal);
    const free = this.#waiters.length === 0 ? this.#lease() : null;
    return free ?? this.#wait(signal);
  }

  /**
   * Adds another segment, of half as many slots as the first one; false where `maxMemoryBytes` has room for
   * none.
   *
   * @throws ZC_IO_MEMORY
   */
  grow(): boolean {
    this.#checkOpen();
    const grown = this.#native.grow();
    if (grown) while (this.#waiters.length > 0 && serveFirst(this.#waiters)) {}
    return grown;
  }

  /** Bytes of one slot. */
  get slotBytes(): number {
    return this.#native.slotBytes;
  }

  /** Slots that are leased, or that a read in flight still uses. */
  get leased(): number {
    return this.#native.leased;
  }

  /** Slots there are, leased or free; none when the pool is closed and the last lease has ended. */
  get capacity(): number {
    return this.#native.capacity;
  }

  /** The shared memory, one entry for the constructor and one for each `grow()`. */
  get segments(): readonly PoolSegment[] {
    return this.#native.segments();
  }

  /** The generation that a consumer stored into the slot's control word last; 0 before the first. */
  releasedGeneration({ segment, index }: { segment: number; index: number }): number {
    return this.#native.releasedGeneration(segment, index);
  }

  /** Hands out no more slots, and ends the waiting of those who wait. Leases that are held stay valid. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.close();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(closedError());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #lease(): ZeroCopyBuffer | null {
    const lease = this.#native.acquire();
    return lease === null ? null : new ZeroCopyBuffer(lease, this.#home, this);
  }

  #wait(signal: AbortSignal | undefined): Promise<ZeroCopyBuffer> {
    return new Promise((resolve, reject) => {
      const stopListening = () => signal?.removeEventListener('abort', onAbort);
      const waiter: Waiter = {
        pool: this,
        resolve: (buffer) => {
          stopListening();
          resolve(buffer);
        },
        reject: (error) => {
          stopListening();
          reject(error);
        },
      };
      const onAbort = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        waiter.reject(abortedError('waiting for a slot', signal!));
      };
      signal?.addEventListener('abort', onAbort);
      this.#waiters.push(waiter);
      this.#native.waiting = true;
    });
  }

  /** @internal Gives a free slot to the one who waits longest; false where there is none to give. */
  static serve(waiter: Waiter, waiters: Waiter[]): boolean {
    const { pool } = waiter;
    const buffer = pool.#lease();
    if (buffer === null) return false;
    waiters.shift();
    pool.#native.waiting = waiters.length > 0;
    waiter.resolve(buffer);
    return true;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError();
  }
}

function serveFirst(waiters: Waiter[]): boolean {
  const first = waiters[0];
  return first !== undefined && BufferPool.serve(first, waiters);
}

/** One buffer a slot for pools that do not detach: V8 then counts each slot's bytes once, not once a lease. */
function keepBuffers(): (lease: NativeLease) => ArrayBuffer {
  const buffers: ArrayBuffer[][] = [];
  return (lease) => {
    buffers[lease.segment] ??= [];
    const ofSegment = buffers[lease.segment]!;
    ofSegment[lease.index] ??= lease.lastingBuffer();
    return ofSegment[lease.index]!;
  };
}

function closedError(): ZcError {
  return new ZcError('ZC_IO_CLOSED', 'the buffer pool is closed');
}

function checkWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new ZcError('ZC_ARGUMENT', `${name} must be a whole number from 1 on, not ${value}`);
}
