import { readFileSync } from 'node:fs';
import type { DataSet } from './data.js';

/** The samples of a part of an epoch, noted while the clock runs and looked into when it has stopped. */
export class TakenSamples {
  readonly #ids: Float64Array;
  #count = 0;

  constructor(countMax: number) {
    this.#ids = new Float64Array(countMax);
  }

  add(ids: ArrayLike<number>): void {
    this.#ids.set(ids, this.#count);
    this.#count += ids.length;
  }

  /** What their rows and labels add up to, by what was noted when they were made; throws if one came twice. */
  sum({ name, rows, rowSums }: DataSet): bigint {
    const sums = new BigUint64Array(new Uint8Array(readFileSync(rowSums!)).buffer);
    const seen = new Uint8Array(rows);
    let sum = 0n;
    for (const id of this.#ids.subarray(0, this.#count)) {
      if (seen[id] !== 0) throw new Error(`sample ${id} of ${name} was read twice, or does not exist`);
      seen[id] = 1;
      sum += sums[id]!;
    }
    return BigInt.asUintN(64, sum);
  }
}
