import { setMaxListeners } from 'node:events';
import { abortedError, type ZcError } from '@zc/errors';
import type { TakenBatch } from '../stats/stats.js';
import type { AnyBatch } from './batch-source.js';
import type { Queue } from './queue.js';

export interface EpochOptions {
  /** How many batches it has; Infinity where only their end will tell. */
  batches: number;
  /** Begins to read them; the signal ends that. */
  queue(signal: AbortSignal): Queue<AnyBatch>;
  /** Makes of a batch what the user is given instead. */
  collate: ((batch: AnyBatch) => unknown) | undefined;
  /** Told of each batch that the user is given. */
  onTaken(taken: TakenBatch): void;
  /** Called once, when it is over. */
  onEnd(): void;
  /** The user's. */
  signal: AbortSignal | undefined;
}

/**
 * One pass over a rank's batches: what `for await` runs on.
 *
 * Each turn gives the former batch back, unless it was retained. The end of the pass, a `break`, an error and
 * the signal alike end all reads in flight and free their slots.
 */
export class Epoch implements AsyncIterator<unknown, undefined> {
  readonly #collate: EpochOptions['collate'];
  readonly #queue: Queue<AnyBatch>;
  /** How many it has. */
  readonly #batches: number;
  readonly #onTaken: (taken: TakenBatch) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #abort = new AbortController();
  readonly #onAbort = () => this.#abort.abort(this.#signal?.reason);
  #turn: Promise<unknown> = Promise.resolve();
  #batch: AnyBatch | undefined;
  #yielded = 0;
  /** When the user was given the last batch. */
  #yieldedMs: number | undefined;
  #state: 'running' | 'finished' | 'left' = 'running';
  readonly #onEnd: () => void;
  /** Why it was ended by its loader, for whoever still waits for a batch. */
  #reason: ZcError | undefined;

  constructor({ collate, onTaken, onEnd, signal, batches, queue }: EpochOptions) {
    this.#collate = collate;
    // Each batch that is read ahead listens: Node would take more than ten for a leak.
    setMaxListeners(0, this.#abort.signal);
    this.#batches = batches;
    this.#queue = queue(this.#abort.signal);
    this.#onTaken = onTaken;
    this.#onEnd = onEnd;
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Batches that the user was given. */
  get yielded(): number {
    return this.#yielded;
  }

  /** Whether the user saw it end by itself. */
  get finished(): boolean {
    return this.#state === 'finished';
  }

  /** Whether it is over, by itself or early. */
  get ended(): boolean {
    return this.#state !== 'running';
  }

  /** Begins to read so many batches, or fewer, before the first is asked for. */
  readAhead(batches: number): void {
    if (this.#state === 'running') this.#queue.readAhead(batches);
  }

  /** The next batch. Calls that overlap are answered one after the other. */
  next(): Promise<IteratorResult<unknown, undefined>> {
    const result = this.#turn.then(() => this.#next());
    // Its end, not the batch: this object lives as long as its loader, and a mapped batch as long as it is held.
    this.#turn = result.then(noBatch, noBatch);
    return result;
  }

  /** Ends the pass early. */
  async return(): Promise<IteratorResult<unknown, undefined>> {
    this.#reason = undefined;
    await this.#leave();
    return DONE;
  }

  /**
   * Ends the pass for a reason that whoever waits for a batch is told, unless every batch was handed out. One
   * that was superseded goes on telling it.
   */
  async endFor(reason: ZcError): Promise<void> {
    if (this.#state !== 'running') return;
    if (this.#yielded < this.#batches) this.#reason = reason;
    await this.#leave();
  }

  async #leave(): Promise<void> {
    this.#abort.abort();
    await this.#turn;
    await this.#end('left');
  }

  async #next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#reason?.code === 'ZC_SUPERSEDED') throw this.#reason;
    if (this.#state !== 'running') return DONE;
    this.#batch?.release();
    this.#batch = undefined;
    const startMs = performance.now();
    const readyBatches = this.#queue.ready;
    try {
      if (this.#signal?.aborted) throw abortedError('the iteration', this.#signal);
      const read = await this.#queue.next();
      if (read === undefined) {
        await this.#end('finished');
        return DONE;
      }
      const batch = read.open();
      this.#batch = batch;
      // It came while the pass was ended, and would be released in the hands of whoever got it.
      if (this.#reason !== undefined) throw this.#reason;
      const nowMs = performance.now();
      this.#onTaken({
        batch: this.#yielded,
        samples: batch.length,
        skipped: read.skipped,
        result: read.result,
        timing: read.timing,
        readyBatches,
        waitedMs: nowMs - startMs,
        stepMs: startMs - (this.#yieldedMs ?? startMs),
      });
      this.#yielded++;
      this.#yieldedMs = nowMs;
      if (this.#collate === undefined) return { value: batch, done: false };
      const value = await this.#collate(batch);
      // Views of a batch that is about to be released are of no use either.
      if (this.#reason !== undefined) throw this.#reason;
      return { value, done: false };
    } catch (error) {
      this.#abort.abort();
      await this.#end('left');
      if (this.#reason !== undefined) throw this.#reason;
      throw this.#signal?.aborted ? abortedError('the iteration', this.#signal) : error;
    }
  }

  async #end(state: 'finished' | 'left'): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = state;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#batch?.release();
    this.#batch = undefined;
    this.#onEnd();
    await this.#queue.close();
  }
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };

function noBatch(): void {}
