import type { ShardColumn } from '../shards/shard-column.js';

type Checkable = Pick<ShardColumn, 'checked'>;

/** The rows and blocks that a read is going to check: marked as right only once it has ended well. */
export class CheckLog {
  readonly #columns: Checkable[] = [];
  readonly #starts: number[] = [];
  #units = new Float64Array(64);
  #count = 0;

  /** What is added from here on belongs to this column. */
  begin(column: Checkable): void {
    this.#columns.push(column);
    this.#starts.push(this.#count);
  }

  add(unit: number): void {
    if (this.#count === this.#units.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#units);
      this.#units = larger;
    }
    this.#units[this.#count++] = unit;
  }

  /** Marks everything as found right. */
  commit(): void {
    this.#columns.forEach(({ checked }, i) => {
      const end = this.#starts[i + 1] ?? this.#count;
      for (let k = this.#starts[i]!; k < end; k++) checked.add(this.#units[k]!);
    });
  }
}
