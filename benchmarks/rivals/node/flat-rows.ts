import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { DataSet } from '../../src/data.js';

/** Rows and labels found without any format, for rivals that read files by themselves. */
export class FlatRows {
  readonly labels: BigInt64Array;
  /** Bytes of the longest row. */
  readonly lengthMax: number;
  /** Of each row, which region it lies in, by its place among those of the set, and at which byte of that file. */
  readonly regionOf: Uint16Array;
  readonly offsetOf: Float64Array;
  readonly #lengths: Uint32Array | number;
  readonly #descriptors: number[];

  constructor({ rows, rowBytes, lengths, labels, regions }: DataSet) {
    this.labels = new BigInt64Array(rows);
    const labelFile = openSync(labels.path, 'r');
    readSync(labelFile, this.labels, 0, this.labels.byteLength, labels.offsetBytes);
    closeSync(labelFile);
    this.#lengths =
      lengths === undefined ? rowBytes : new Uint32Array(new Uint8Array(readFileSync(lengths)).buffer);
    this.regionOf = new Uint16Array(rows);
    this.offsetOf = new Float64Array(rows);
    this.#descriptors = regions.map(({ path }) => openSync(path, 'r'));
    let [row, lengthMax] = [0, 0];
    regions.forEach(({ offsetBytes, rows: count }, region) => {
      let offset = offsetBytes;
      for (const end = row + count; row < end; row += 1) {
        this.regionOf[row] = region;
        this.offsetOf[row] = offset;
        offset += this.length(row);
        lengthMax = Math.max(lengthMax, this.length(row));
      }
    });
    this.lengthMax = lengthMax;
  }

  /** Bytes of a row. */
  length(row: number): number {
    return typeof this.#lengths === 'number' ? this.#lengths : this.#lengths[row]!;
  }

  /** One `read` of a whole row to a place in `buffer`. */
  read(row: number, buffer: Uint8Array, at = 0): void {
    readSync(this.#descriptors[this.regionOf[row]!]!, buffer, at, this.length(row), this.offsetOf[row]!);
  }

  close(): void {
    for (const descriptor of this.#descriptors) closeSync(descriptor);
  }
}
