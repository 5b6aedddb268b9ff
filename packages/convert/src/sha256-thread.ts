import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { ZcError } from '@zc/errors';
import type { FileHasher } from '@zc/format';
import { workerFile } from './worker-file.js';

/** Writers hand over chunks of this size, all but the last of a file. */
const SLOT_BYTES = 2 ** 20;
const SLOTS = 8;

/** A chunk that lies in the slots; without length, the end of a file. */
export interface HashTask {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

interface Waiting {
  resolve(digest: Uint8Array | undefined): void;
  reject(error: unknown): void;
}

/**
 * SHA-256 of files on a thread beside, so that it costs the writing thread no more than a copy.
 *
 * There is one thread, started by the first file of a chunk or more; it keeps no process alive.
 */
export class Sha256Thread {
  readonly #worker: Worker;
  readonly #slots = new SharedArrayBuffer(SLOTS * SLOT_BYTES);
  /** Tasks that were handed over and are not done, in order. */
  readonly #waiting: Waiting[] = [];
  /** Of each slot, when it is free. */
  readonly #free: Promise<unknown>[] = Array.from({ length: SLOTS }, () => Promise.resolve());
  readonly #isBusy = new Uint8Array(SLOTS);
  #next = 0;
  #files = 0;
  #failure: ZcError | undefined;

  constructor(program: string) {
    this.#worker = new Worker(program, { workerData: this.#slots });
    this.#worker.unref();
    this.#worker.on('message', (digest: Uint8Array | undefined) => {
      this.#waiting.shift()!.resolve(digest);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    let cause: unknown;
    this.#worker.on('error', (error) => {
      cause = error;
    });
    this.#worker.on('exit', () => {
      this.#failure = new ZcError('ZC_INTERNAL', 'the thread that computes SHA-256 ended', { cause });
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    });
  }

  /** A hasher of one more file. */
  file(): FileHasher {
    const file = this.#files++;
    return {
      update: (chunk) => this.#update(file, chunk),
      digest: async () => (await this.#post({ file, offset: 0, length: 0 }))!,
    };
  }

  /** Copies the chunk, at once where a slot is free. */
  #update(file: number, chunk: Uint8Array): Promise<void> | undefined {
    const slot = this.#next;
    this.#next = (slot + 1) % SLOTS;
    const put = () => {
      const offset = slot * SLOT_BYTES;
      new Uint8Array(this.#slots, offset, chunk.length).set(chunk);
      this.#isBusy[slot] = 1;
      this.#free[slot] = this.#post({ file, offset, length: chunk.length }).then(() => {
        this.#isBusy[slot] = 0;
      });
      // The failure belongs to whoever needs the slot, or the digest; until then it is not an unhandled one.
      this.#free[slot].catch(() => {});
    };
    if (this.#isBusy[slot] === 1) return this.#free[slot]!.then(put);
    put();
    return undefined;
  }

  #post(task: HashTask): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(task);
    });
  }
}

let thread: Sha256Thread | undefined;

/** A hasher of one file: beside, where the file has more than a chunk, and where there is a thread to be had. */
export function sha256Beside(): FileHasher {
  let hasher: FileHasher | undefined;
  return {
    update(chunk) {
      hasher ??= chunk.length === SLOT_BYTES ? besides() : undefined;
      hasher ??= createHash('sha256');
      return hasher.update(chunk);
    },
    digest: () => (hasher ?? createHash('sha256')).digest(),
  };
}

function besides(): FileHasher | undefined {
  const program = workerFile('sha256-worker');
  if (program === undefined) return undefined;
  thread ??= new Sha256Thread(program);
  return thread.file();
}
