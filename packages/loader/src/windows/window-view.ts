import { elementsOf, type Tensor } from '@zc/format';
import { PAGE_BYTES } from '../pages.js';
import { Borders } from './borders.js';
import { borderOffsets, writeBorders, writeDocuments, writePositions } from './document-fields.js';
import { finderOf } from './document-finder.js';
import { fillWith } from './padding.js';
import { BlockingAccess } from './table-access.js';
import type { WindowRowsOptions } from './window-rows.js';

/** Gives single windows as they lie in the maps of their shards. */
export class WindowView {
  readonly #options: WindowRowsOptions;
  readonly #borders: Borders;
  /** Where the one window lies. */
  readonly #placed = {
    starts: new Float64Array(1),
    lengths: new Float64Array(1),
    positions: new Uint32Array(1),
    count: 1,
  };

  constructor(options: WindowRowsOptions) {
    this.#options = options;
    this.#borders = new Borders(options.stream);
  }

  /** A window by its number; blocks where something has to be read. */
  get(id: number): Record<string, Tensor> {
    const { stream, map, windows } = this.#options;
    const { cache } = stream.store;
    stream.store.checkOpen();
    const use = cache.begin();
    try {
      const access = new BlockingAccess(stream, use);
      map.place(Float64Array.of(id), 1, this.#placed, access);
      const { name, dtype } = windows.field;
      const data = elementsOf(dtype, this.#bytes(access));
      const tokens = this.#placed.lengths[0]!;
      if (tokens < windows.length) fillWith(windows.padding!, data, tokens, windows.length);
      return { [name]: { dtype, shape: [windows.length], data }, ...this.#documents(access) };
    } finally {
      cache.end(use);
    }
  }

  /** The tokens as they lie in one shard, or joined into memory of their own. */
  #bytes(access: BlockingAccess): Uint8Array {
    const { stream, windows } = this.#options;
    const { firstTokens, elementBytes } = stream;
    const start = this.#placed.starts[0]!;
    const end = start + this.#placed.lengths[0]!;
    const first = stream.shardOf(start);
    const whole = end - start === windows.length;
    if (whole && end <= firstTokens[first + 1]!) return this.#view(first, { start, end }, access);
    const joined = new Uint8Array(windows.length * elementBytes);
    for (let token = start; token < end; ) {
      const shard = stream.shardOf(token);
      const partEnd = Math.min(end, firstTokens[shard + 1]!);
      const part = this.#view(shard, { start: token, end: partEnd }, access);
      joined.set(part, (token - start) * elementBytes);
      token = partEnd;
    }
    return joined;
  }

  /** Tokens of one shard in its map, checked. */
  #view(shard: number, { start, end }: { start: number; end: number }, access: BlockingAccess): Uint8Array {
    const { stream, verify } = this.#options;
    const { bytes: file, columns } = stream.store.openNow(shard);
    file.check();
    const column = columns[stream.fieldNumber]!;
    const { region, elementBytes } = column.layout;
    const offset = region.offset + (start - stream.firstTokens[shard]!) * elementBytes;
    const length = (end - start) * elementBytes;
    // What may be cold is asked for at once, not page by page as it is touched.
    if (length > PAGE_BYTES && !column.checked.full) file.advise(offset, length, 'willneed');
    if (verify !== 'never') {
      const rowOf = (at: number) => finderOf(column).rowAt(at, access)!;
      column.checkRangeNow({ offset, length }, { again: verify === 'always', rowOf });
    }
    return file.view(offset, length);
  }

  #documents(access: BlockingAccess): Record<string, Tensor> {
    const { documents, length } = this.#options.windows;
    if (documents === undefined) return {};
    this.#borders.find(this.#placed, access);
    if (documents === 'offsets') {
      const data = new Int32Array(borderOffsets(this.#borders, 1)[1]!);
      writeBorders(data, this.#borders, 1);
      return { borders: { dtype: 'int32', shape: [data.length], data } };
    }
    const ids = new BigInt64Array(length);
    const positions = new Int32Array(length);
    writeDocuments(ids, this.#borders, { windows: 1, length });
    writePositions(positions, this.#borders, { windows: 1, length });
    return {
      documents: { dtype: 'int64', shape: [length], data: ids },
      positions: { dtype: 'int32', shape: [length], data: positions },
    };
  }
}
