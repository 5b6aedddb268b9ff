import { ZcError } from '@zc/errors';

/** Where a shard is read from: a file, a Blob, a server. */
export interface Source {
  /** What errors call it. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * Exactly `length` bytes from `offset`; the result is the caller's own, or never changes.
   *
   * @throws ZC_IO_READ, ZC_IO_SHORT_READ
   */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A source over bytes in memory (not copied: `read` gives views) or a Blob such as a browser's File. */
export function blobSource(bytes: Blob | ArrayBuffer | Uint8Array, name?: string): Source {
  if (bytes instanceof Blob) {
    return {
      name: name ?? ('name' in bytes && typeof bytes.name === 'string' ? bytes.name : 'blob'),
      sizeBytes: bytes.size,
      async read(offset, length) {
        demandWithin(this, offset, length);
        return new Uint8Array(await bytes.slice(offset, offset + length).arrayBuffer());
      },
    };
  }
  const view = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    name: name ?? 'bytes',
    sizeBytes: view.length,
    async read(offset, length) {
      demandWithin(this, offset, length);
      return view.subarray(offset, offset + length);
    },
  };
}

/** @throws ZC_IO_SHORT_READ where a source ends before the bytes asked for. */
export function demandWithin(
  source: Pick<Source, 'name' | 'sizeBytes'>,
  offset: number,
  length: number,
): void {
  if (offset + length <= source.sizeBytes) return;
  throw new ZcError(
    'ZC_IO_SHORT_READ',
    `${length} bytes were asked for, ${source.sizeBytes - offset} are there`,
    {
      path: source.name,
      offset,
      expected: length,
      actual: source.sizeBytes - offset,
    },
  );
}
