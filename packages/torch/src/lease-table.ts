import { readSync } from 'node:fs';

/** Bytes of a slot's control words: released, taken. */
const CONTROL_BYTES_PER_SLOT = 8;

/** Something that was lent to the client and can be given back. */
export interface Lent {
  readonly iteration: number;
  readonly generation: number;
  /** Ends the lease here, once. */
  giveBack(): void;
}

/**
 * The slots of one segment that are with the client.
 *
 * What the client says of them stands in the segment's control words, which are read with one pread(2) for
 * all slots: no mapping of shared memory that changes under JavaScript's feet.
 */
export class LeaseTable {
  readonly #fd: number;
  readonly #lent: (Lent | undefined)[];
  readonly #words: Buffer;
  #held = 0;

  /** @param fd of the segment's memfd; stays the pool's */
  constructor({ fd, slots }: { fd: number; slots: number }) {
    this.#fd = fd;
    this.#lent = new Array(slots);
    this.#words = Buffer.alloc(slots * CONTROL_BYTES_PER_SLOT);
  }

  /** Slots that are lent. */
  get held(): number {
    return this.#held;
  }

  lend(slot: number, lent: Lent): void {
    this.#lent[slot] = lent;
    this.#held++;
  }

  /** Takes back every slot whose lease the client has ended. */
  collect(): void {
    if (this.#held > 0) this.#giveBack((lent, slot) => this.#released(slot) === lent.generation);
  }

  /** Takes back what the client has not taken from the stream, and will not take any more. */
  revoke(iteration: number): void {
    if (this.#held === 0) return;
    this.#giveBack((lent, slot) => lent.iteration === iteration && this.#taken(slot) !== lent.generation);
  }

  /** How many slots the client had been told of but not taken when leases were collected last. */
  untaken(): number {
    if (this.#held === 0) return 0;
    return this.#lent.reduce(
      (count, lent, slot) =>
        lent !== undefined && this.#taken(slot) !== lent.generation ? count + 1 : count,
      0,
    );
  }

  #giveBack(over: (lent: Lent, slot: number) => boolean): void {
    this.#readWords();
    this.#lent.forEach((lent, slot) => {
      if (lent === undefined || !over(lent, slot)) return;
      this.#lent[slot] = undefined;
      this.#held--;
      lent.giveBack();
    });
  }

  #readWords(): void {
    readSync(this.#fd, this.#words, 0, this.#words.length, 0);
  }

  #released(slot: number): number {
    return this.#words.readUInt32LE(slot * CONTROL_BYTES_PER_SLOT);
  }

  #taken(slot: number): number {
    return this.#words.readUInt32LE(slot * CONTROL_BYTES_PER_SLOT + 4);
  }
}
