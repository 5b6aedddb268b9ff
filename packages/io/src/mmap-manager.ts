import { type BigIntStats, statSync } from 'node:fs';
import { ZcError } from '@zc/errors';
import { MappedFile } from './mapped-file.js';

/** Far below the kernel's usual limit of 65,530 maps a process (vm.max_map_count). */
const DEFAULT_MAX_FILES = 1024;

export interface MmapManagerOptions {
  /** How many maps the manager itself holds on to. */
  maxFiles?: number;
}

export interface MmapManagerStats {
  /** Maps that the manager holds now. */
  readonly files: number;
  readonly hits: number;
  readonly misses: number;
  /** Maps let go to make room. */
  readonly evictions: number;
}

/**
 * A cache of mapped files: the ones used longest ago give way when there are more than `maxFiles`.
 *
 * The manager drops only its own reference: a file that gave way, and all its views, stay valid for whoever
 * holds them, and its map goes with the last of them. A file that was replaced at its path is mapped anew.
 *
 * @example
 * using maps = new MmapManager({ maxFiles: 256 });
 * const file = maps.open('shard-000000.zcs');
 */
export class MmapManager implements Disposable {
  readonly #maxFiles: number;
  /** In the order of their last use, the oldest first. */
  readonly #files = new Map<string, { file: MappedFile; identity: string }>();
  #closed = false;
  #hits = 0;
  #misses = 0;
  #evictions = 0;

  constructor({ maxFiles = DEFAULT_MAX_FILES }: MmapManagerOptions = {}) {
    if (!Number.isSafeInteger(maxFiles) || maxFiles < 1) {
      throw new ZcError('ZC_ARGUMENT', `maxFiles must be a whole number from 1 on, not ${maxFiles}`);
    }
    this.#maxFiles = maxFiles;
  }

  /**
   * The map of a file, made if there is none yet. It is shared by all who ask for the same path: leave its
   * closing to the manager.
   *
   * @throws ZC_IO_OPEN, ZC_IO_MAP, ZC_IO_CLOSED
   */
  open(path: string): MappedFile {
    if (this.#closed) throw new ZcError('ZC_IO_CLOSED', 'the manager of maps is closed', { path });
    const identity = identityOf(path);
    const held = this.#files.get(path);
    if (held !== undefined) this.#files.delete(path);
    if (held !== undefined && held.identity === identity && !held.file.closed) {
      this.#hits++;
      this.#files.set(path, held);
      return held.file;
    }
    this.#misses++;
    const file = new MappedFile(path);
    this.#files.set(path, { file, identity });
    this.#evict();
    return file;
  }

  get stats(): MmapManagerStats {
    return { files: this.#files.size, hits: this.#hits, misses: this.#misses, evictions: this.#evictions };
  }

  /** Lets all maps go and opens no more. What others hold stays valid. */
  close(): void {
    this.#closed = true;
    this.#files.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #evict(): void {
    for (const path of this.#files.keys()) {
      if (this.#files.size <= this.#maxFiles) return;
      this.#files.delete(path);
      this.#evictions++;
    }
  }
}

/** Changes when another file takes the path, or the file changes. */
function identityOf(path: string): string {
  let stats: BigIntStats;
  try {
    stats = statSync(path, { bigint: true });
  } catch (cause) {
    throw new ZcError('ZC_IO_OPEN', `the file cannot be opened: ${(cause as Error).message}`, {
      path,
      cause,
    });
  }
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}
