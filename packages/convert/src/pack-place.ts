import type { BadRows, BadRowsState } from './bad-rows.js';

/** How far a packing has come in its input; what goes on later begins here. */
export class PackPlace {
  /** Rows of the input that are dealt with. */
  row = 0;
  /** Of the row that is under way, the samples that are written. */
  part = 0;
  /** Bytes of the input that these rows took. */
  bytesRead = 0;
  /** Where bad rows are listed. */
  bad: BadRows | undefined;

  /** The row under way is dealt with. */
  next(bytesRead: number): void {
    this.row++;
    this.part = 0;
    this.bytesRead += bytesRead;
  }

  toJSON(): Record<string, unknown> {
    const { row, part, bytesRead, bad } = this;
    return { row, part, bytesRead, bad: bad?.state() };
  }

  /** Goes to where `toJSON` was called, and gives what was known of bad rows there. */
  resume(position: unknown): BadRowsState | undefined {
    if (position === undefined) return undefined;
    const { row, part, bytesRead, bad } = position as PackPlace & { bad: BadRowsState };
    this.row = row;
    this.part = part;
    this.bytesRead = bytesRead;
    return bad;
  }
}
