import { ZcError } from '@zc/errors';
import { BufferPool, SLOT_BYTES_MAX, type ZeroCopyBuffer } from '@zc/io';
import { PAGE_BYTES, roundUp } from './pages.js';

export interface BatchMemoryOptions {
  /** Slots there are without any batch being kept. */
  slots: number;
  /** What a batch is expected to need. */
  slotBytes: number;
  maxMemoryBytes: number;
  /** Whether the views of a batch are detached when it is released. */
  detach: boolean;
}

/**
 * The slots of one loader, within its memory budget.
 *
 * All slots have one size. Should a batch need more, a pool of larger slots takes the place of the former one,
 * whose memory goes as its last leases end.
 */
export class BatchMemory {
  readonly #options: BatchMemoryOptions;
  #pool: BufferPool | undefined;
  readonly #former = new Set<BufferPool>();
  #leases: { slot: WeakRef<ZeroCopyBuffer>; label: string }[] = [];

  constructor(options: BatchMemoryOptions) {
    this.#options = options;
  }

  /**
   * A free slot, or null where there is none.
   *
   * @throws ZC_ARGUMENT where it is more than a slot can have, ZC_MEMORY_BUDGET where not even one slot of this
   * size is within the budget, ZC_IO_MEMORY
   */
  lease(bytes: number, label: string): ZeroCopyBuffer | null {
    const slot = this.#poolFor(bytes).acquire();
    if (slot !== null) this.#note(slot, label);
    return slot;
  }

  /** A slot of the size that was asked for last, as soon as one is free. */
  async leaseLater(label: string, signal: AbortSignal | undefined): Promise<ZeroCopyBuffer> {
    const slot = await this.#pool!.acquireAsync(signal);
    this.#note(slot, label);
    return slot;
  }

  /**
   * Makes more slots, for a batch that is wanted while others are kept.
   *
   * @throws ZC_MEMORY_BUDGET naming the batches that are held, where the budget is full
   */
  grow(): void {
    if (!this.#pool!.grow()) throw this.#budgetError();
  }

  close(): void {
    this.#pool?.close();
  }

  #poolFor(bytes: number): BufferPool {
    if (this.#pool !== undefined && bytes <= this.#pool.slotBytes) return this.#pool;
    if (bytes > SLOT_BYTES_MAX) {
      throw new ZcError(
        'ZC_ARGUMENT',
        `a batch has ${bytes} bytes, the largest possible is ${SLOT_BYTES_MAX}`,
        {
          expected: SLOT_BYTES_MAX,
          actual: bytes,
          advice: 'Ask for fewer samples at once, or for fewer fields.',
        },
      );
    }
    const { slots, slotBytes: expected, maxMemoryBytes, detach } = this.#options;
    if (this.#pool !== undefined) {
      this.#pool.close();
      this.#former.add(this.#pool);
    }
    // A batch that was larger than expected will not be the last one.
    const wanted = bytes <= expected ? expected : this.#pool === undefined ? bytes : 1.5 * bytes;
    const slotBytes = Math.min(roundUp(wanted, PAGE_BYTES), SLOT_BYTES_MAX);
    const left = maxMemoryBytes - this.#formerBytes();
    // Each slot has 8 bytes of control words, and those of a segment take whole pages.
    const fitting = Math.min(slots, Math.floor((left - PAGE_BYTES) / slotBytes));
    if (fitting < 1) {
      throw new ZcError('ZC_MEMORY_BUDGET', `a batch of ${bytes} bytes does not fit ${this.#held()}`, {
        expected: maxMemoryBytes,
        actual: bytes,
      });
    }
    this.#pool = new BufferPool({ slotBytes, slots: fitting, maxMemoryBytes: left, detach });
    return this.#pool;
  }

  #formerBytes(): number {
    let bytes = 0;
    for (const pool of this.#former) {
      if (pool.leased === 0) this.#former.delete(pool);
      else bytes += pool.capacity * pool.slotBytes;
    }
    return bytes;
  }

  #note(slot: ZeroCopyBuffer, label: string): void {
    if (this.#leases.length >= 2 * this.#pool!.capacity) this.#leases = this.#leases.filter(isHeld);
    this.#leases.push({ slot: new WeakRef(slot), label });
  }

  #budgetError(): ZcError {
    const pool = this.#pool!;
    return new ZcError(
      'ZC_MEMORY_BUDGET',
      `there is no room for another batch of ${pool.slotBytes} bytes ${this.#held()}`,
      { expected: this.#options.maxMemoryBytes, actual: (pool.capacity + 1) * pool.slotBytes },
    );
  }

  #held(): string {
    const labels = this.#leases.filter(isHeld).map(({ label }) => label);
    const shown = labels.slice(0, NAMED_MAX).join(', ');
    const more = labels.length > NAMED_MAX ? ` and ${labels.length - NAMED_MAX} more` : '';
    return `in ${this.#options.maxMemoryBytes} bytes; held: ${labels.length === 0 ? 'none' : shown + more}`;
  }
}

/** How many of the held batches an error names. */
const NAMED_MAX = 16;

function isHeld({ slot }: { slot: WeakRef<ZeroCopyBuffer> }): boolean {
  return slot.deref()?.released === false;
}
