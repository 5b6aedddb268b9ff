/** What a client wants of an iteration: how many batches it may be sent, and whether it waits for one. */
export class Demand {
  readonly #hasRoom: () => boolean;
  #credits: number;
  /** How many batches have been taken from the loader, and so the number of the next one. */
  #taken = 0;
  #waitedFor = -1;
  #over = false;
  #wake: (() => void) | undefined;

  /** @param hasRoom whether a batch can be read without making the pool larger */
  constructor(credits: number, hasRoom: () => boolean) {
    this.#credits = credits;
    this.#hasRoom = hasRoom;
  }

  /** The client has taken batches, and may be sent as many more. */
  credit(count: number): void {
    this.#credits += count;
    this.check();
  }

  /** The client does nothing until the batch of this number comes. It may be on its way already. */
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
    setImmediate(() => this.#wake?.());
  }

  /**
   * Resolves when a batch should be taken from the loader; false when nothing is wanted any more.
   *
   * Batches are sent ahead only while there is room: for a client that waits the pool may grow, for one that
   * is still at work it may not.
   */
  async next(): Promise<boolean> {
    while (!this.#over && !(this.#credits > 0 && (this.#waitedFor === this.#taken || this.#hasRoom()))) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = undefined;
    if (this.#over) return false;
    this.#credits--;
    this.#taken++;
    return true;
  }
}
