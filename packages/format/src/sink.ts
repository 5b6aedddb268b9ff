/** A place that a shard is written to, from front to back. */
export interface Sink {
  /**
   * Appends bytes. `chunk` belongs to the caller again once the promise settles; the next call comes after that.
   *
   * @throws ZC_IO_WRITE
   */
  write(chunk: Uint8Array): Promise<void>;
  /** A new place for what has to wait. Without it all but the main field is held in memory. */
  spill?(): Promise<SpillArea>;
}

/** Temporary bytes: appended, read back, gone after `close`. */
export interface SpillArea {
  /** `chunk` belongs to the caller again once the promise settles. */
  append(chunk: Uint8Array): Promise<void>;
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
