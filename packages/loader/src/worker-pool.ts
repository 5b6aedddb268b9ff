import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { abortedError, ZcError } from '@zc/errors';
import type { FieldPlan } from '@zc/format';
import type { BufferPool, SharedSlot, ZeroCopyBuffer } from '@zc/io';
import type { TransformWork } from './transforms/transform-batch.js';
import { type TransformRunner, transformError } from './transforms/user-transform.js';

/** One batch for a worker: a slot to be mapped, and what to do there. */
export interface WorkerTask {
  readonly place: SharedSlot & {
    /** Which of the loader's pools, one after the other. */
    readonly pool: number;
    /** Which slot of the pool. */
    readonly key: number;
  };
  readonly work: TransformWork;
}

/** What a worker says: first its outputs, then once a task. */
export interface WorkerAnswer {
  readonly outputs?: readonly FieldPlan[];
  readonly failure?: { readonly error: unknown; readonly samples: readonly number[] };
}

/** A worker thread, and the port that its tasks and answers go through: the user's module has the other one. */
interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
}

interface Job {
  /** Nothing for the first one of a worker: to load its module. */
  readonly task: WorkerTask | undefined;
  readonly samples: readonly number[];
  readonly signal?: AbortSignal | undefined;
  resolve(answer: WorkerAnswer): void;
  reject(error: unknown): void;
}

/**
 * Runs a module of the user's in worker threads, which map the loader's slots: no byte of a batch is copied or
 * cloned on the way. A thread is started when there is work for it, and works on one batch at a time.
 *
 * The slot of a batch is given back only once its thread has answered or ended: until then it may write there.
 */
export class WorkerPool implements TransformRunner {
  readonly #url: URL;
  readonly #size: number;
  readonly #idle: Thread[] = [];
  readonly #working = new Map<Thread, Job>();
  readonly #waiting: Job[] = [];
  readonly #pools = new WeakMap<BufferPool, number>();
  #poolCount = 0;
  #outputs: readonly FieldPlan[] | undefined;
  #loading: Promise<void> | undefined;
  #closed = false;

  /** @param workers by default one fewer than there are cores, at least one and at most eight */
  constructor({ url, workers }: { url: URL; workers: number | undefined }) {
    this.#url = url;
    this.#size = workers ?? Math.min(8, Math.max(1, availableParallelism() - 1));
  }

  get outputs(): readonly FieldPlan[] | undefined {
    return this.#outputs;
  }

  /** @throws ZC_TRANSFORM where the module cannot be loaded or is none */
  load(): Promise<void> {
    this.#loading ??= this.#do(undefined, []).then(
      ({ outputs }) => {
        this.#outputs = outputs!;
      },
      (error) => {
        this.#loading = undefined;
        throw error;
      },
    );
    return this.#loading;
  }

  /** @throws ZC_TRANSFORM with the samples; ZC_CLOSED */
  async run(slot: ZeroCopyBuffer, work: TransformWork, signal: AbortSignal | undefined): Promise<void> {
    const samples = [...work.indices];
    const { failure } = await this.#do({ place: this.#placeOf(slot), work }, samples, signal);
    if (failure !== undefined) throw transformError(failure.error, failure.samples);
  }

  /** Ends the threads, also in the middle of a batch. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(closedError());
    const threads = [...this.#idle.splice(0), ...this.#working.keys()];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  #placeOf({ slot, pool }: ZeroCopyBuffer): WorkerTask['place'] {
    let number = this.#pools.get(pool);
    if (number === undefined) {
      number = this.#poolCount++;
      this.#pools.set(pool, number);
    }
    const { segment, index, offset } = slot;
    const { fd } = pool.segments[segment]!;
    return { fd, offset, length: pool.slotBytes, pool: number, key: segment * 2 ** 32 + index };
  }

  #do(task: WorkerTask | undefined, samples: readonly number[], signal?: AbortSignal): Promise<WorkerAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(closedError());
      else this.#waiting.push({ task, samples, signal, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const { signal, reject } = this.#waiting[0]!;
      if (signal?.aborted) {
        this.#waiting.shift();
        reject(abortedError('the transform', signal));
        continue;
      }
      const thread = this.#idle.pop();
      if (thread === undefined) {
        const jobs = [...this.#working.values()];
        const loading = jobs.filter(({ task }) => task === undefined).length;
        if (jobs.length >= this.#size || loading >= this.#waiting.length) return;
        this.#start();
        continue;
      }
      const job = this.#waiting.shift()!;
      this.#working.set(thread, job);
      thread.worker.ref();
      thread.port.postMessage(job.task);
    }
  }

  /** Starts a thread; it is at work until its module is loaded, for whoever waits for that. */
  #start(): void {
    const { port1: port, port2 } = new MessageChannel();
    const workerData = { url: this.#url.href, port: port2 };
    const worker = new Worker(WORKER_FILE, { workerData, transferList: [port2] });
    const thread: Thread = { worker, port };
    const isLoad = this.#waiting[0]!.task === undefined;
    const loading: Job = isLoad
      ? this.#waiting.shift()!
      : {
          task: undefined,
          samples: [],
          resolve: () => {},
          reject: (error) => this.#waiting.shift()?.reject(error),
        };
    this.#working.set(thread, loading);
    let cause: unknown;
    port.on('message', (answer: WorkerAnswer) => {
      const job = this.#working.get(thread);
      // The thread has ended, and its job with it.
      if (job === undefined) return;
      this.#working.delete(thread);
      this.#idle.push(thread);
      worker.unref();
      job.resolve(answer);
      this.#dispatch();
    });
    // What keeps the process alive is the thread, while it works.
    port.unref();
    worker.on('error', (error) => {
      cause = error;
    });
    worker.on('exit', (code) => {
      port.close();
      const job = this.#working.get(thread);
      this.#working.delete(thread);
      const at = this.#idle.indexOf(thread);
      if (at >= 0) this.#idle.splice(at, 1);
      if (job === undefined) return;
      job.reject(this.#closed ? closedError() : this.#endedError(job, code, cause));
      this.#dispatch();
    });
  }

  #endedError({ task, samples }: Job, code: number, cause: unknown): ZcError {
    const words = cause instanceof Error ? `${cause.name}: ${cause.message}` : `its exit code was ${code}`;
    return new ZcError(
      'ZC_TRANSFORM',
      task === undefined
        ? `the module of the transform cannot be loaded: ${words}`
        : `a worker thread ended within the transform: ${words}`,
      { path: this.#url.href, cause, samples },
    );
  }
}

function closedError(): ZcError {
  return new ZcError('ZC_CLOSED', 'the loader is closed');
}

// Both src/ and dist/ lie directly below the package's root; what a thread runs is always what was built.
const WORKER_FILE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist', 'transform-worker.js');
