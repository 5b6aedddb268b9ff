import { ZcError } from '@zc/errors';
import { convertLimits as limits } from '../../limits.js';
import type { UnpackedFile } from '../unpacked-file.js';
import { type TarEntry, tarEntries } from './tar-entries.js';

/** The files of one sample as they lie in a tar, by their extensions. */
export interface TarSample {
  readonly key: string;
  readonly path: string;
  /** Of its first entry in the unpacked tar. */
  readonly offset: number;
  readonly entries: ReadonlyMap<string, TarEntry>;
  /** Of all entries together. */
  readonly bytes: number;
  /** Bytes of the tar itself, packed as it is, that were read since the sample before. */
  readonly bytesRead: number;
  /** Why it is no sample. */
  readonly error?: ZcError | undefined;
}

/** Folders and names that belong to the archive and to no sample. */
const META_NAME = /^__[^/]*__($|\/)/;

/** WebDataset's rule: the key ends and the extension begins at the first dot of the file's name. */
const KEY_AND_EXTENSION = /^((?:.*\/)?[^./][^./]*)\.([^/]*)$/s;

/**
 * The samples of a tar: entries that follow each other and have one key.
 *
 * A file without an extension, or whose name begins with a dot, belongs to none and is passed over, as WebDataset
 * does; so is an entry that `isWanted` does not want.
 *
 * @throws what `tarEntries` throws
 */
export async function* tarSamples(
  file: UnpackedFile,
  isWanted: (name: string) => boolean,
): AsyncGenerator<TarSample> {
  let group: Group | undefined;
  for await (const entry of tarEntries(file)) {
    if (META_NAME.test(entry.name) || !isWanted(entry.name)) continue;
    const [, key, extension] = KEY_AND_EXTENSION.exec(entry.name) ?? [];
    if (entry.error && key === undefined) {
      if (group) yield group.end();
      group = undefined;
      yield new Group(file, entry.name, entry).refuse(entry.error).end();
    }
    if (key === undefined || extension === undefined) continue;
    if (group?.key !== key) {
      if (group) yield group.end();
      group = new Group(file, key, entry);
    }
    group.add(extension.toLowerCase(), entry);
  }
  if (group) yield group.end();
}

/** A sample in the making. */
class Group {
  readonly key: string;
  readonly #file: UnpackedFile;
  readonly #offset: number;
  readonly #entries = new Map<string, TarEntry>();
  #bytes = 0;
  #error: ZcError | undefined;

  constructor(file: UnpackedFile, key: string, first: TarEntry) {
    this.#file = file;
    this.key = key;
    this.#offset = first.offset;
  }

  add(extension: string, entry: TarEntry): void {
    if (entry.error) {
      this.refuse(entry.error);
    } else if (this.#entries.has(extension)) {
      this.refuse(this.#wrong('ZC_CONVERT_SOURCE', `${entry.name} is there twice`, entry.offset));
    } else if (this.#bytes + entry.bytes.length > limits.RECORD_BYTES_MAX) {
      const what = `the files of sample ${this.key} are longer than RECORD_BYTES_MAX (${limits.RECORD_BYTES_MAX})`;
      this.refuse(this.#wrong('ZC_CONVERT_LIMIT', what, entry.offset));
    } else if (this.#error === undefined) {
      this.#bytes += entry.bytes.length;
      this.#entries.set(extension, entry);
    }
  }

  /** From here on nothing of it is kept. */
  refuse(error: ZcError): this {
    this.#error ??= error;
    this.#entries.clear();
    this.#bytes = 0;
    return this;
  }

  end(): TarSample {
    return {
      key: this.key,
      path: this.#file.path,
      offset: this.#offset,
      entries: this.#entries,
      bytes: this.#bytes,
      bytesRead: this.#file.takeBytesRead(),
      error: this.#error,
    };
  }

  #wrong(code: 'ZC_CONVERT_SOURCE' | 'ZC_CONVERT_LIMIT', what: string, offset: number): ZcError {
    return new ZcError(code, what, { path: this.#file.path, offset });
  }
}
