import type { ReadResult, ZeroCopyBuffer } from '@zc/io';
import { orAborted } from '../or-aborted.js';
import {
  closeUp,
  isCorruption,
  type RowFailure,
  reportsOf,
  type SkippedSamples,
  without,
} from '../reading/corrupt-rows.js';
import type { Reader } from '../reading/reader.js';
import type { Rows } from '../sources/source.js';
import { RowDraws } from '../transforms/row-draws.js';
import type { TransformWork } from '../transforms/transform-batch.js';
import { type TransformRunner, withOutputs, workOf } from '../transforms/user-transform.js';
import { type BatchLayout, writeNumbers } from './batch-layout.js';
import { Finishing } from './finishing.js';

/** Which samples a batch has, and where they stand in the job's list. */
export class DrawnBatch {
  ids: Float64Array;
  positions: Float64Array;
  readonly draws: RowDraws;
  /** What was left out of it. */
  readonly skipped: SkippedSamples[] = [];

  /** @param first where the first id stands; the others follow */
  constructor(ids: Float64Array, first: number, draws: RowDraws) {
    this.ids = ids;
    // Not by `from` with a function, which takes ten times as long: this is done for every batch.
    this.positions = new Float64Array(ids.length);
    for (let i = 0; i < ids.length; i++) this.positions[i] = first + i;
    this.draws = draws;
  }

  leaveOut(failures: readonly RowFailure[]): ReadonlySet<number> {
    const gone = new Set(failures.map(({ row }) => row));
    this.skipped.push(...reportsOf(failures, this.ids));
    this.ids = without(this.ids, gone);
    this.positions = without(this.positions, gone);
    return gone;
  }
}

/** What has become of a drawn batch in its slot. */
export interface MadeBatch {
  readonly layout: BatchLayout;
  readonly indices: Float64Array;
  readonly result: ReadResult;
  readonly skipped: readonly SkippedSamples[];
  /** How long it took from its last byte to its end: padding, transforms; milliseconds. */
  readonly finishMs: number;
}

export interface BatchMakerOptions {
  reader: Reader;
  finishing: Finishing;
  /** Whether rows that are corrupt are left out of their batches, of which the reader tells then. */
  skips?: boolean;
  /** Of the user's own transform. */
  runner?: TransformRunner | undefined;
}

/** Takes a batch from its ids to what the user gets: reads it, and finishes it in its slot. */
export class BatchMaker {
  readonly #reader: Reader;
  readonly #finishing: Finishing;
  readonly #skips: boolean;
  readonly #runner: TransformRunner | undefined;

  constructor({ reader, finishing, skips = false, runner }: BatchMakerOptions) {
    this.#reader = reader;
    this.#finishing = finishing;
    this.#skips = skips;
    this.#runner = runner;
  }

  /** What a batch of so many samples is likely to need, in bytes. */
  expectedBytes(samples: number): number {
    const read = this.#reader.expectedBytes(samples);
    return read + this.#finishing.expectedBytes(this.#reader.plans, samples, read);
  }

  /** See `Reader.prepare`. Where rows are skipped, those whose place is not to be found out leave the batch here. */
  prepare(drawn: DrawnBatch, use: number, signal: AbortSignal | undefined): Promise<unknown> | undefined {
    if (this.#runner !== undefined && this.#runner.outputs === undefined) {
      return orAborted(this.#runner.load(), 'the transform', signal);
    }
    if (!this.#skips) return this.#reader.prepare(drawn.ids, use);
    const leaveOut = (error: unknown) => this.#leaveOut(drawn, use, error);
    try {
      return this.#reader.prepare(drawn.ids, use)?.catch(leaveOut);
    } catch (error) {
      return leaveOut(error);
    }
  }

  /** What the prepared batch needs in its slot. */
  lengthBytes({ ids }: DrawnBatch): number {
    const finished = this.#finishing.layOut(this.#reader.layout, ids.length);
    return withOutputs(finished, this.#runner?.outputs ?? [], ids.length).lengthBytes;
  }

  /** See `Reader.read`: the prepared batch is begun before this returns. */
  async make(slot: ZeroCopyBuffer, drawn: DrawnBatch, signal: AbortSignal | undefined): Promise<MadeBatch> {
    let read = this.#reader.layout;
    const result = await this.#reader.read(slot, drawn.ids, signal);
    const readMs = performance.now();
    if (result.failures.length > 0) {
      const rows = drawn.ids.length;
      const gone = drawn.leaveOut(await this.#reader.rowFailures(result.failures, drawn.ids));
      read = closeUp(slot.buffer, read, rows, gone);
      writeNumbers(slot.buffer, read, drawn.ids);
    }
    const { ids, positions, draws, skipped } = drawn;
    const finished = this.#finishing.layOut(read, ids.length);
    await this.#finishing.run(slot, finished, drawn);
    const layout = withOutputs(finished, this.#runner?.outputs ?? [], ids.length);
    const { seed, epoch } = draws;
    await this.#transform(slot, workOf(finished, layout, { indices: ids, positions, seed, epoch }), signal);
    const finishMs = performance.now() - readMs;
    return { layout, indices: ids, result, skipped, finishMs };
  }

  /** Nobody waits for a transform behind the signal. The slot is its own until it has ended, which may be never. */
  async #transform(
    slot: ZeroCopyBuffer,
    work: TransformWork,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (this.#runner === undefined) return;
    const held = slot.retain();
    const running = this.#runner.run(held, work, signal).finally(() => held.release());
    await orAborted(running, 'the transform', signal);
  }

  /** Finds out which rows it is that cannot be prepared, by preparing each alone. */
  async #leaveOut(drawn: DrawnBatch, use: number, error: unknown): Promise<void> {
    if (!isCorruption(error)) throw error;
    const failures: RowFailure[] = [];
    for (const [row, id] of drawn.ids.entries()) {
      const alone = Float64Array.of(id);
      try {
        for (let missing = this.#reader.prepare(alone, use); missing !== undefined; ) {
          await missing;
          missing = this.#reader.prepare(alone, use);
        }
      } catch (failure) {
        if (!isCorruption(failure)) throw failure;
        failures.push({ row, error: failure });
      }
    }
    if (failures.length === 0) throw error;
    drawn.leaveOut(failures);
  }
}

/** Makes batches of chosen rows as they are stored: neither padded nor transformed. */
export function plainMaker(rows: Rows, fields: readonly string[] | undefined): BatchMaker {
  const { verify } = rows;
  const reader = rows.createReader({ fields, mode: 'auto', verify });
  const { plans, paddings } = reader;
  const finishing = new Finishing({ plans, paddings, transforms: {}, checksBools: verify !== 'never' });
  return new BatchMaker({ reader, finishing });
}

/** What a queue of such batches has to be told of random numbers. */
export const NOT_RANDOM = { positionOf: () => 0, draws: new RowDraws({ seed: 0, epoch: 0 }) } as const;
