/**
 * The memory for parts of shards that planning needs: runs of the tables, and small regions.
 *
 * One budget for a whole dataset. Beyond it the runs used longest ago are dropped, never one that a plan in
 * the making has asked for: a single batch may exceed the budget rather than read the same run for ever.
 */
export class IndexCache {
  /** The budget. */
  readonly maxBytes: number;
  readonly #held: HeldRun[] = [];
  readonly #uses = new Set<number>();
  #lastUse = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Begins a use; runs that are asked for with its number stay until `end` is called with it. */
  begin(): number {
    const use = ++this.#lastUse;
    this.#uses.add(use);
    return use;
  }

  end(use: number): void {
    this.#uses.delete(use);
  }

  /** Takes note of a run that its owner now holds. */
  add(run: HeldRun): void {
    this.#held.push(run);
    this.#bytes += run.bytes;
    if (this.#bytes > this.maxBytes) this.#makeRoom();
  }

  /** A tenth more than needed goes at once, so that the sorting is paid for seldom. */
  #makeRoom(): void {
    const [oldest = this.#lastUse + 1] = this.#uses;
    this.#held.sort((a, b) => a.owner.lastUse(a.number) - b.owner.lastUse(b.number));
    let dropped = 0;
    for (const { owner, number, bytes } of this.#held) {
      if (this.#bytes <= 0.9 * this.maxBytes || owner.lastUse(number) >= oldest) break;
      owner.drop(number);
      this.#bytes -= bytes;
      dropped++;
    }
    this.#held.splice(0, dropped);
  }
}

interface HeldRun {
  readonly owner: RunOwner;
  readonly number: number;
  readonly bytes: number;
}

interface RunOwner {
  lastUse(number: number): number;
  drop(number: number): void;
}
