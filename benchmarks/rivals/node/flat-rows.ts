import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { DataSet } from '../../src/data.js';

/** Rows and labels found without any format, for rivals that read files by themselves. */
export class FlatRows {
  readonly labels: BigInt64Array;
  /** Bytes of the longest row. */
  readonly lengthMax: number;
  readonly #lengths: Uint32Array | number;
  /** Of each row. */
  readonly #descriptors: Int32Array;
  readonly #offsets: Float64Array;
  readonly #open: number[];

  constructor({ rows, rowBytes, lengths, labels, regions }: DataSet) {
    this.labels = new BigInt64Array(rows);
    const labelFile = openSync(labels.path, 'r');
    readSync(labelFile, this.labels, 0, this.labels.byteLength, labels.offsetBytes);
    closeSync(labelFile);
    this.#lengths =
      lengths === undefined ? rowBytes : new Uint32Array(new Uint8Array(readFileSync(lengths)).buffer);
    this.#descriptors = new Int32Array(rows);
    this.#offsets = new Float64Array(rows);
    this.#open = regions.map(({ path }) => openSync(path, 'r'));
    let [row, lengthMax] = [0, 0];
    regions.forEach(({ offsetBytes, rows: count }, i) => {
      let offset = offsetBytes;
      for (const end = row + count; row < end; row += 1) {
        this.#descriptors[row] = this.#open[i]!;
        this.#offsets[row] = offset;
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

  /** One `read` of a whole row to the start of `buffer`. */
  read(row: number, buffer: Uint8Array): void {
    readSync(this.#descriptors[row]!, buffer, 0, this.length(row), this.#offsets[row]!);
  }

  close(): void {
    for (const descriptor of this.#open) closeSync(descriptor);
  }
}
