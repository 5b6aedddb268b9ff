export interface DemandOptions {
  /** Batches that may be with the client without having been taken by it. */
  ahead: number;
  /** How many there are; those that were taken since a lease ended last may be counted. */
  untaken(): number;
  /** Whether a batch can be read without making the pool larger. */
  hasRoom(): boolean;
}

/**
 * When a batch is to be taken from the loader and sent.
 *
 * Batches are sent ahead while there is room for them: each lease that ends makes some, so a client that works
 * and gives back needs to say nothing more. For one that waits the pool may grow; it says which batch it waits
 * for, since that one may be on its way already.
 */
export class Demand {
  readonly #options: DemandOptions;
  /** How many batches have been taken from the loader, and so the number of the next one. */
  #taken = 0;
  #waitedFor = -1;
  #over = false;
  #wake: (() => void) | undefined;

  constructor(options: DemandOptions) {
    this.#options = options;
  }

  /** The client does nothing until the batch of this number comes. */
  wait(batch: number): void {
    this.#waitedFor = batch;
    this.check();
  }

  /** Nothing is wanted any more. */
  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  /** To be called when there may be room again. */
  check(): void {
    // In a turn of its own: where a slot has just become free, the batch that waited for it gets it first, and
    // the pool does not grow for the lack of it.
    if (this.#wake !== undefined) setImmediate(() => this.#wake?.());
  }

  /** Resolves when a batch is to be taken from the loader; false when nothing is wanted any more. */
  async next(): Promise<boolean> {
    while (!this.#over && !this.#isWanted()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (this.#over) return false;
    this.#taken++;
    return true;
  }

  #isWanted(): boolean {
    const { ahead, untaken, hasRoom } = this.#options;
    return this.#waitedFor === this.#taken || (hasRoom() && untaken() < ahead);
  }
}
