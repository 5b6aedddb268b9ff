import { ZcError } from '@zc/errors';
import { BufferPool, SLOT_BYTES_MAX, type ZeroCopyBuffer } from '@zc/io';
import { PAGE_BYTES, roundUp } from '../pages.js';

export interface BatchMemoryOptions {
  /** Slots there are at first. */
  slots: number;
  /** How many there may be before batches are kept, if that is not all: what reading ahead asks for now. */
  slotsWanted?(): number;
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
    const pool = this.#poolFor(bytes);
    const slot = pool.acquire() ?? (this.#mayGrowAhead(pool) && pool.grow() ? pool.acquire() : null);
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

  /** All slots there are, of former sizes too; never more than the budget. */
  get bytes(): number {
    return this.#formerBytes() + (this.#pool === undefined ? 0 : bytesOf(this.#pool));
  }

  close(): void {
    this.#pool?.close();
  }

  /** Whether reading ahead wants more slots than there are, and at least half of the budget stays for others. */
  #mayGrowAhead({ capacity, slotBytes }: BufferPool): boolean {
    const { slotsWanted, maxMemoryBytes } = this.#options;
    const grownBytes = 1.5 * (capacity + 1) * slotBytes;
    return capacity < (slotsWanted?.() ?? 0) && this.#formerBytes() + grownBytes <= maxMemoryBytes / 2;
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
    // A batch that was larger than expected will not be the last one.
    const wanted = bytes <= expected ? expected : this.#pool === undefined ? bytes : 1.5 * bytes;
    const slotBytes = Math.min(roundUp(wanted, PAGE_BYTES), SLOT_BYTES_MAX);
    // The pool there is goes as soon as nobody has a slot of it; until then it is the budget's.
    const left = maxMemoryBytes - this.#formerBytes() - (this.#pool?.leased ? bytesOf(this.#pool) : 0);
    // Each slot has 8 bytes of control words, and those of a segment take whole pages.
    const fitting = Math.min(slots, Math.floor((left - PAGE_BYTES) / slotBytes));
    if (fitting < 1) {
      throw new ZcError('ZC_MEMORY_BUDGET', `a batch of ${bytes} bytes does not fit ${this.#held()}`, {
        expected: maxMemoryBytes,
        actual: bytes,
      });
    }
    if (this.#pool !== undefined) {
      this.#pool.close();
      this.#former.add(this.#pool);
    }
    this.#pool = new BufferPool({ slotBytes, slots: fitting, maxMemoryBytes: left, detach });
    return this.#pool;
  }

  #formerBytes(): number {
    let bytes = 0;
    for (const pool of this.#former) {
      if (pool.leased === 0) this.#former.delete(pool);
      else bytes += bytesOf(pool);
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

function bytesOf({ capacity, slotBytes }: BufferPool): number {
  return capacity * slotBytes;
}

/** How many of the held batches an error names. */
const NAMED_MAX = 16;

function isHeld({ slot }: { slot: WeakRef<ZeroCopyBuffer> }): boolean {
  return slot.deref()?.released === false;
}
