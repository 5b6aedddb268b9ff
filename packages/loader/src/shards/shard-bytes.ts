import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { ZcError } from '@zc/errors';
import { type Advice, MappedFile, type ViewArray } from '@zc/io';

/** The bytes of one file for those who cannot wait: views of its map, or copies where maps are scarce. */
export interface ShardBytes {
  readonly path: string;
  readonly sizeBytes: number;
  /** A range; valid for as long as it is held. */
  view(offset: number, length: number): Uint8Array<ArrayBuffer>;
  /** The same as `length` elements of another kind. */
  viewAs<A extends ViewArray>(array: A, offset: number, length: number): InstanceType<A>;
  /** A copy of a range. */
  read(offset: number, length: number): Uint8Array<ArrayBuffer>;
  advise(offset: number, length: number, advice: Advice): void;
  /** @throws ZC_IO_POISONED where some of what was seen may not have been the file's */
  check(): void;
  /** Makes no more views; those that are held stay valid. */
  close(): void;
}

/**
 * Opens a file to be read at once.
 *
 * A view that a user keeps keeps its map, so that the number of maps is the user's matter. A process that
 * reaches the kernel's limit can allocate no memory any more: from half of it on, files are not mapped.
 *
 * @throws ZC_IO_OPEN, ZC_IO_MAP
 */
export function openShardBytes(path: string): ShardBytes {
  if (MappedFile.live >= mapsMax()) return new CopiedFile(path);
  const file = new MappedFile(path);
  // Without it the first touch of a page reads megabytes around it, on devices that are set so.
  if (file.sizeBytes > 0) file.advise(0, file.sizeBytes, 'random');
  return file;
}

/** A file that is opened anew for each range, and read into memory of its own. */
class CopiedFile implements ShardBytes {
  readonly path: string;
  readonly sizeBytes: number;

  constructor(path: string) {
    this.path = path;
    this.sizeBytes = asOpen(path, () => statSync(path).size);
  }

  view(offset: number, length: number): Uint8Array<ArrayBuffer> {
    return this.read(offset, length);
  }

  viewAs<A extends ViewArray>(array: A, offset: number, length: number): InstanceType<A> {
    return new array(this.read(offset, length * array.BYTES_PER_ELEMENT).buffer) as InstanceType<A>;
  }

  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    const fd = asOpen(this.path, () => openSync(this.path, 'r'));
    try {
      let done = 0;
      while (done < length) {
        const count = readSync(fd, bytes, done, length - done, offset + done);
        if (count === 0) throw this.#shortRead(fd, offset + length);
        done += count;
      }
    } finally {
      closeSync(fd);
    }
    return bytes;
  }

  advise(): void {}

  check(): void {}

  close(): void {}

  #shortRead(fd: number, expected: number): ZcError {
    const actual = fstatSync(fd).size;
    return new ZcError('ZC_IO_SHORT_READ', `the file has ${actual} bytes, ${expected} were expected`, {
      path: this.path,
      offset: actual,
      expected,
      actual,
    });
  }
}

let knownMapsMax: number | undefined;

function mapsMax(): number {
  knownMapsMax ??= Math.floor(Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8')) / 2);
  return knownMapsMax;
}

function asOpen<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    throw new ZcError('ZC_IO_OPEN', `the file cannot be opened: ${(cause as Error).message}`, {
      path,
      cause,
    });
  }
}
