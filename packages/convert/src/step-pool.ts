import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { ZcError } from '@zc/errors';
import { planFields, type Schema } from '@zc/format';
import type { BadRow, SourceRow } from './sources/sample-source.js';
import {
  rowsOf,
  type StepAnswer,
  type StepWorkerData,
  toWire,
  type WireBatch,
  type WireRow,
} from './step-message.js';
import type { StoredRow } from './stored-row.js';
import { workerFile } from './worker-file.js';

/** Rows go to a thread in batches: enough to make the messages cheap, and few enough to keep memory flat. */
const BATCH_ROWS_MAX = 64;
const BATCH_BYTES_MAX = 256 * 1024;
/** For each thread: one that it works on, and one that waits for it. */
const BATCHES_PER_THREAD = 2;

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
  /** Batches that it has been given and has not answered, in order. */
  readonly waiting: { resolve(batch: WireBatch): void; reject(error: unknown): void }[];
  failure: ZcError | undefined;
}

/**
 * Runs the steps in worker threads, with the order of the rows kept.
 *
 * At most two batches for each thread are under way, so memory does not grow with the input.
 */
export class StepPool {
  readonly #threads: readonly Thread[];
  readonly #dimsPerField: readonly number[];

  /** @param schema of the samples behind the steps */
  constructor(data: StepWorkerData, { schema, jobs }: { schema: Schema; jobs: number }) {
    this.#dimsPerField = planFields(schema).map(({ dimsPerRow }) => dimsPerRow);
    this.#threads = Array.from({ length: jobs }, () => startThread(data));
  }

  /** Whether there is a program for threads; a bundle of everything in one file has none. */
  static get isPossible(): boolean {
    return WORKER_FILE !== undefined;
  }

  /**
   * Every row in its order; see `StoredRow` for how long it is valid.
   *
   * @param from the first row's number
   * @throws what the source throws; ZC_TRANSFORM where a thread ended
   */
  async *run(rows: AsyncIterable<SourceRow | BadRow>, from: number): AsyncGenerator<StoredRow> {
    const pending: Promise<WireBatch>[] = [];
    const first = async () => rowsOf(await pending.shift()!, this.#dimsPerField);
    for await (const batch of batches(rows, from)) {
      pending.push(this.#submit(batch));
      if (pending.length >= this.#threads.length * BATCHES_PER_THREAD) yield* await first();
    }
    while (pending.length > 0) yield* await first();
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #submit({ rows, transfer }: Batch): Promise<WireBatch> {
    const thread = this.#threads.reduce((least, other) =>
      other.waiting.length < least.waiting.length ? other : least,
    );
    const answer = new Promise<WireBatch>((resolve, reject) => {
      if (thread.failure !== undefined) reject(thread.failure);
      else thread.waiting.push({ resolve, reject });
    });
    // The failure belongs to whoever waits for this batch; until then it is not an unhandled one.
    answer.catch(() => {});
    thread.port.postMessage(rows, transfer);
    return answer;
  }
}

interface Batch {
  readonly rows: WireRow[];
  readonly transfer: ArrayBuffer[];
}

async function* batches(rows: AsyncIterable<SourceRow | BadRow>, from: number): AsyncGenerator<Batch> {
  let batch: Batch = { rows: [], transfer: [] };
  let bytes = 0;
  let index = from;
  for await (const row of rows) {
    const { wire, transfer } = toWire(row, index++);
    batch.rows.push(wire);
    batch.transfer.push(...transfer);
    bytes += transfer.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (batch.rows.length < BATCH_ROWS_MAX && bytes < BATCH_BYTES_MAX) continue;
    yield batch;
    batch = { rows: [], transfer: [] };
    bytes = 0;
  }
  if (batch.rows.length > 0) yield batch;
}

function startThread(data: StepWorkerData): Thread {
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(WORKER_FILE!, { workerData: { ...data, port: port2 }, transferList: [port2] });
  const thread: Thread = { worker, port, waiting: [], failure: undefined };
  let cause: unknown;
  port.on('message', (answer: StepAnswer) => {
    const { resolve, reject } = thread.waiting.shift()!;
    if ('batch' in answer) resolve(answer.batch);
    else reject(new ZcError('ZC_INTERNAL', `a step failed: ${answer.fatal}`));
  });
  worker.on('error', (error) => {
    cause = error;
  });
  worker.on('exit', (code) => {
    port.close();
    const words = cause instanceof Error ? cause.message : `its exit code was ${code}`;
    thread.failure = new ZcError('ZC_TRANSFORM', `a thread that ran the steps ended: ${words}`, { cause });
    for (const { reject } of thread.waiting.splice(0)) reject(thread.failure);
  });
  return thread;
}

const WORKER_FILE = workerFile('step-worker');
