import { ZcError } from '@zc/errors';
import { type NativeMappedFile, nativeAddon } from './native-addon.js';

/** What is going to happen to a range, as in madvise(2). */
export type Advice = 'normal' | 'random' | 'sequential' | 'willneed' | 'dontneed';

/**
 * Windows begin at every multiple of half their length, so that a range of up to that half always lies
 * within one. V8 counts the bytes of external buffers when it decides to collect: hence windows, not one
 * buffer on the whole file.
 */
const WINDOW_BYTES = 16 * 2 ** 20;
const STRIDE_BYTES = WINDOW_BYTES / 2;
/** Windows of one file that are held, so that views here and there do not make them anew. */
const HELD_WINDOWS = 32;

/** The arrays that `viewAs` makes. */
export type ViewArray =
  | typeof Uint8Array
  | typeof Int8Array
  | typeof Uint16Array
  | typeof Int16Array
  | typeof Uint32Array
  | typeof Int32Array
  | typeof BigUint64Array
  | typeof BigInt64Array
  | typeof Float32Array
  | typeof Float64Array;

/**
 * The first views of a file have buffers of their own: whoever touches a hundred thousand files once each would
 * have V8 count a whole window for each of them, and collect all the time.
 */
const OWN_BUFFERS = 16;

/**
 * A file mapped into memory: its bytes are the page cache's, nothing is copied until a page is written to.
 *
 * Views are the map's own memory. A write to one is private to this map and never reaches the file, but every
 * other view of the same map sees it. The map goes when this object is closed or collected *and* the last
 * view has been collected. Should the file be cut short meanwhile, the lost pages read as zeros and
 * `poisoned` becomes true; they never crash the process.
 *
 * @example
 * using file = new MappedFile('shard-000000.zcs');
 * const head = file.view(0, 4096);
 */
export class MappedFile implements Disposable {
  /** The path as it was given. */
  readonly path: string;
  /** The file's length when it was mapped. */
  readonly sizeBytes: number;
  readonly #native: NativeMappedFile;
  /** One uint64, low half first. */
  readonly #intactBytes: Uint32Array;
  readonly #windows = new Map<number, WeakRef<ArrayBuffer>>();
  /** Windows used of late: each at the place that its number leads to. */
  readonly #held: ({ index: number; buffer: ArrayBuffer } | undefined)[] = [];
  #ownBuffers = 0;
  #closed = false;

  /** @throws ZC_IO_OPEN, ZC_IO_MAP */
  constructor(path: string) {
    this.path = path;
    this.#native = new (nativeAddon().MappedFile)(path);
    this.sizeBytes = this.#native.sizeBytes;
    this.#intactBytes = new Uint32Array(this.#native.intactBytes());
  }

  /**
   * How many files this process has mapped, whoever asked for it; each map lives as long as its last view. The
   * kernel allows a process so many maps in all (vm.max_map_count, 65,530 unless told otherwise).
   */
  static get live(): number {
    return nativeAddon().MappedFile.live;
  }

  /**
   * A view of `length` bytes at `offset`. Nothing is read until it is touched; a touch of a page that is not
   * resident blocks the thread for as long as the device takes.
   *
   * @throws ZC_ARGUMENT where the range is not within the file, ZC_IO_CLOSED
   */
  view(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return this.viewAs(Uint8Array, offset, length) as Uint8Array<ArrayBuffer>;
  }

  /**
   * The same as an array of another kind, of `length` elements. `offset` stays in bytes and must be a multiple of
   * an element's.
   *
   * @throws ZC_ARGUMENT, ZC_IO_CLOSED; RangeError for an offset that is no multiple
   */
  viewAs<A extends ViewArray>(array: A, offset: number, length: number): InstanceType<A> {
    const bytes = length * array.BYTES_PER_ELEMENT;
    this.#checkRange(offset, bytes);
    const index = Math.floor(offset / STRIDE_BYTES);
    const start = index * STRIDE_BYTES;
    const isWider = offset + bytes > start + WINDOW_BYTES;
    if (isWider || this.#ownBuffers < OWN_BUFFERS) {
      // From the page's start, so that alignment stays the file's.
      const pageStart = offset - (offset % 4096);
      const buffer = this.#native.window(pageStart, offset - pageStart + bytes);
      if (!isWider) this.#ownBuffers++;
      return new array(buffer, offset - pageStart, length) as InstanceType<A>;
    }
    const held = this.#held[index % HELD_WINDOWS];
    const buffer = held?.index === index ? held.buffer : this.#window(index, start);
    return new array(buffer, offset - start, length) as InstanceType<A>;
  }

  /**
   * Brings a range into the page cache and maps its pages, on another thread.
   *
   * @throws ZC_ARGUMENT, ZC_IO_CLOSED, ZC_IO_READ
   */
  async populate(offset: number, length: number): Promise<void> {
    this.#checkRange(offset, length);
    await this.#native.populate(offset, length);
  }

  /** Tells the kernel how a range will be used; the range is widened to pages. */
  advise(offset: number, length: number, advice: Advice): void {
    this.#checkRange(offset, length);
    this.#native.advise(offset, length, advice);
  }

  /**
   * How many bytes of a range are in the page cache now, by reads that do not wait (preadv2 with RWF_NOWAIT).
   *
   * Long ranges are sampled: the result is then an estimate. It is out of date as soon as it is known.
   */
  residentBytes(offset: number, length: number): number {
    this.#checkRange(offset, length);
    return this.#native.residentBytes(offset, length);
  }

  /** Whether the file was found cut short by a touch of its map; views may hold zeros that are not its bytes. */
  get poisoned(): boolean {
    // It is set behind the engine's back, by whoever touches a page that is gone.
    return Atomics.load(this.#intactBytes, 1) !== 2 ** 32 - 1;
  }

  /** @throws ZC_IO_POISONED where `poisoned`, with the place of the first page that was missed */
  check(): void {
    if (!this.poisoned) return;
    throw new ZcError('ZC_IO_POISONED', 'the file was cut short while it was mapped, or its disk failed', {
      path: this.path,
      offset: this.#intactBytes[1]! * 2 ** 32 + this.#intactBytes[0]!,
      expected: this.sizeBytes,
    });
  }

  /**
   * A copy of a range in memory of its own, by a read that blocks (pread(2)).
   *
   * @throws ZC_ARGUMENT, ZC_IO_CLOSED, ZC_IO_MEMORY, ZC_IO_READ, ZC_IO_SHORT_READ
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    this.#checkRange(offset, length);
    const bytes = allocate(length, this.path);
    this.#native.read(offset, bytes);
    return bytes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Makes no more views. Those that are held stay valid, and keep the map alive. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held.length = 0;
    this.#windows.clear();
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #window(index: number, start: number): ArrayBuffer {
    let buffer = this.#windows.get(index)?.deref();
    if (buffer === undefined) {
      buffer = this.#native.window(start, Math.min(WINDOW_BYTES, this.sizeBytes - start));
      this.#windows.set(index, new WeakRef(buffer));
    }
    this.#held[index % HELD_WINDOWS] = { index, buffer };
    return buffer;
  }

  #checkRange(offset: number, length: number): void {
    if (this.#closed) throw new ZcError('ZC_IO_CLOSED', 'the mapped file is closed', { path: this.path });
    if (
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(length) &&
      offset >= 0 &&
      length >= 0 &&
      offset + length <= this.sizeBytes
    ) {
      return;
    }
    throw new ZcError(
      'ZC_ARGUMENT',
      `a range of ${length} bytes is not within the file of ${this.sizeBytes}`,
      {
        path: this.path,
        offset,
        expected: this.sizeBytes,
        actual: length,
      },
    );
  }
}

function allocate(length: number, path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new ZcError('ZC_IO_MEMORY', `there is no array of ${length} bytes to be had`, { path, cause });
  }
}
