import {
  BufferPool,
  encodeReadPlan,
  type ReadExtent,
  type ReadResult,
  type ReadWay,
  type ZeroCopyBuffer,
} from '@zc/io';
import { PAGE_BYTES, roundUp } from '../pages.js';

const SLOT_BYTES = 2 ** 20;
const SLOTS = 4;
/** What is in the page cache is taken from there; what is not does not come into it. */
const WAY: ReadWay = 'auto-direct';

/** Reads a plan whose files are places in `paths` into a slot. */
export type ReadPaths = (
  slot: ZeroCopyBuffer,
  plan: Float64Array,
  paths: readonly string[],
) => Promise<ReadResult>;

/** A run of bytes of a file. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

interface Wanted {
  readonly path: string;
  readonly ranges: readonly Range[];
  /** The slot has the bytes of range `i` from `places[i]` on. */
  lend(buffer: ArrayBuffer, places: readonly number[]): void;
  reject(error: unknown): void;
}

/**
 * Reads of heads and footers, of parts of tables and of small regions.
 *
 * Whatever is asked for before the event loop goes on is read together: a batch that touches sixty-four new
 * shards costs a few calls of the engine instead of a few hundred. The bytes are lent, not copied.
 */
export class SmallReads {
  readonly #readPaths: ReadPaths;
  #pool: BufferPool | undefined;
  #wanted: Wanted[] = [];

  constructor(readPaths: ReadPaths) {
    this.#readPaths = readPaths;
  }

  /**
   * What `use` makes of the bytes of some ranges of a file, which it is lent for as long as it runs.
   *
   * @throws ZC_IO_OPEN, ZC_IO_READ, ZC_IO_SHORT_READ, ZC_CLOSED, and what `use` throws
   */
  async read<T>(path: string, ranges: readonly Range[], use: (bytes: Uint8Array[]) => T): Promise<T> {
    if (placesOf(ranges, 0).end > SLOT_BYTES) return use(await this.#readLong(path, ranges));
    return new Promise((resolve, reject) => {
      // Runs when all that follows on the last events has run too, and asked for what it needs.
      if (this.#wanted.length === 0) process.nextTick(() => this.#readWanted());
      const lend = (buffer: ArrayBuffer, places: readonly number[]) => {
        try {
          resolve(use(ranges.map(({ length }, i) => new Uint8Array(buffer, places[i], length))));
        } catch (error) {
          reject(error);
        }
      };
      this.#wanted.push({ path, ranges, lend, reject });
    });
  }

  close(): void {
    this.#pool?.close();
  }

  /** Ranges that fill more than a slot, in memory of their own. */
  #readLong(path: string, ranges: readonly Range[]): Promise<Uint8Array[]> {
    return Promise.all(
      ranges.map(async ({ offset, length }) => {
        const bytes = new Uint8Array(length);
        const parts: Promise<void>[] = [];
        for (let from = 0; from < length; from += SLOT_BYTES) {
          const part = { offset: offset + from, length: Math.min(SLOT_BYTES, length - from) };
          parts.push(this.read(path, [part], ([lent]) => bytes.set(lent!, from)));
        }
        await Promise.all(parts);
        return bytes;
      }),
    );
  }

  #readWanted(): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    let first = 0;
    let end = 0;
    wanted.forEach(({ ranges }, i) => {
      const { end: wider } = placesOf(ranges, end);
      if (wider <= SLOT_BYTES) {
        end = wider;
        return;
      }
      void this.#readTogether(wanted.slice(first, i));
      first = i;
      end = placesOf(ranges, 0).end;
    });
    void this.#readTogether(wanted.slice(first));
  }

  /** Where one of several fails, each is read alone, so that none has another's error. */
  async #readTogether(wanted: readonly Wanted[]): Promise<void> {
    try {
      await this.#readInto(wanted);
    } catch (error) {
      if (wanted.length > 1) await Promise.all(wanted.map((one) => this.#readTogether([one])));
      else wanted[0]!.reject(error);
    }
  }

  async #readInto(wanted: readonly Wanted[]): Promise<void> {
    // The slots are seen only while they are lent, so nothing is gained by detaching them.
    this.#pool ??= new BufferPool({ slotBytes: SLOT_BYTES, slots: SLOTS, detach: false });
    using slot = await this.#pool.acquireAsync();
    const files = new Map<string, number>();
    const extents: ReadExtent[] = [];
    let end = 0;
    const allPlaces = wanted.map(({ path, ranges }) => {
      const file = files.get(path) ?? files.size;
      files.set(path, file);
      const placed = placesOf(ranges, end);
      ranges.forEach(({ offset, length }, i) => {
        if (length === 0) return;
        const pieces = [{ extentOffset: 0, length, slotOffset: placed.places[i]! }];
        extents.push({ file, offset, length, way: WAY, pieces });
      });
      end = placed.end;
      return placed.places;
    });
    if (extents.length > 0) await this.#readPaths(slot, encodeReadPlan(extents), [...files.keys()]);
    const { buffer } = slot;
    wanted.forEach(({ lend }, i) => {
      lend(buffer, allPlaces[i]!);
    });
  }
}

/** Where ranges go in a slot, one behind the other on pages of their own. */
function placesOf(ranges: readonly Range[], from: number): { places: number[]; end: number } {
  let end = from;
  const places = ranges.map(({ length }) => {
    const place = end;
    end += roundUp(length, PAGE_BYTES);
    return place;
  });
  return { places, end };
}
