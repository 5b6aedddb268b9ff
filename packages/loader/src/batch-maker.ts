import type { ReadResult, ZeroCopyBuffer } from '@zc/io';
import type { BatchLayout } from './batch-layout.js';
import { Finishing } from './finishing.js';
import type { Reader } from './reader.js';
import type { Rows } from './source.js';
import { RowDraws } from './transforms/row-draws.js';

/** Which samples a batch has, and where they stand in the job's list. */
export interface DrawnBatch {
  ids: Float64Array;
  positions: Float64Array;
  readonly draws: RowDraws;
}

/** What has become of a drawn batch in its slot. */
export interface MadeBatch {
  readonly layout: BatchLayout;
  readonly indices: Float64Array;
  readonly result: ReadResult;
}

/** Takes a batch from its ids to what the user gets: reads it, and finishes it in its slot. */
export class BatchMaker {
  readonly #reader: Reader;
  readonly #finishing: Finishing;

  constructor({ reader, finishing }: { reader: Reader; finishing: Finishing }) {
    this.#reader = reader;
    this.#finishing = finishing;
  }

  /** What a batch of so many samples is likely to need, in bytes. */
  expectedBytes(samples: number): number {
    const read = this.#reader.expectedBytes(samples);
    return read + this.#finishing.expectedBytes(this.#reader.plans, samples, read);
  }

  /** See `Reader.prepare`. */
  prepare({ ids }: DrawnBatch, use: number): Promise<unknown> | undefined {
    return this.#reader.prepare(ids, use);
  }

  /** What the prepared batch needs in its slot. */
  lengthBytes({ ids }: DrawnBatch): number {
    return this.#finishing.layOut(this.#reader.layout, ids.length).lengthBytes;
  }

  /** See `Reader.read`: the prepared batch is begun before this returns. */
  async make(slot: ZeroCopyBuffer, drawn: DrawnBatch, signal: AbortSignal | undefined): Promise<MadeBatch> {
    const { ids } = drawn;
    const layout = this.#finishing.layOut(this.#reader.layout, ids.length);
    const result = await this.#reader.read(slot, ids, signal);
    await this.#finishing.run(slot, layout, drawn);
    return { layout, indices: ids, result };
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
