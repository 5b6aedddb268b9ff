import { doubled } from '../doubled.js';
import { finderOf } from './document-finder.js';
import type { TableAccess } from './table-access.js';
import type { TokenStream } from './token-stream.js';
import type { PlacedWindows } from './window-map.js';

/**
 * The documents that the windows of a batch touch; empty ones are left out.
 *
 * One of these is used for batch after batch; its arrays grow to the largest one and hold the last one given.
 */
export class Borders {
  /** Of each document of a window, its number in the dataset. */
  documents = new Float64Array(64);
  /** Where it begins in the window, in tokens; 0 for one that began before. */
  places = new Float64Array(64);
  /** Of each window of the batch, the first of its documents, and behind its last one. */
  spans = new Uint32Array(0);
  /** Of each window of the batch, how many tokens it has without its padding. */
  tokens = new Float64Array(0);
  readonly #stream: TokenStream;
  #count = 0;

  constructor(stream: TokenStream) {
    this.#stream = stream;
  }

  /** Looks the windows of a batch up; what is missing is asked of `access`. */
  find({ starts, lengths, positions, count }: PlacedWindows, access: TableAccess): void {
    this.#count = 0;
    if (this.tokens.length < count) {
      this.spans = new Uint32Array(2 * count);
      this.tokens = new Float64Array(count);
    }
    for (let i = 0; i < count; i++) {
      const position = positions[i]!;
      this.tokens[position] = lengths[i]!;
      this.spans[2 * position] = this.#count;
      this.#findIn(starts[i]!, starts[i]! + lengths[i]!, access);
      this.spans[2 * position + 1] = this.#count;
    }
  }

  #findIn(start: number, end: number, access: TableAccess): void {
    const { firstTokens, elementBytes, store } = this.#stream;
    let token = start;
    while (token < end) {
      const shard = this.#stream.shardOf(token);
      const column = access.column(shard);
      if (column === undefined) return;
      const finder = finderOf(column);
      const first = firstTokens[shard]!;
      const shardEnd = Math.min(end, firstTokens[shard + 1]!);
      let row = finder.rowAt((token - first) * elementBytes, access);
      while (row !== undefined && token < shardEnd) {
        const rowEnd = finder.endOf(row, access);
        if (rowEnd === undefined) return;
        const next = first + rowEnd / elementBytes;
        if (next > token) {
          this.#add(store.firstSamples[shard]! + row, token - start);
          token = next;
        }
        row++;
      }
      if (row === undefined) return;
    }
  }

  #add(document: number, place: number): void {
    if (this.#count === this.documents.length) {
      this.documents = doubled(this.documents);
      this.places = doubled(this.places);
    }
    this.documents[this.#count] = document;
    this.places[this.#count++] = place;
  }
}
