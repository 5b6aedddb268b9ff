import { ZcError } from '@zc/errors';
import type { Schema } from '@zc/format';
import type { Batch } from '../batches/batch.js';
import { BatchMaker } from '../batches/batch-maker.js';
import { BatchMemory } from '../batches/batch-memory.js';
import { Finishing } from '../batches/finishing.js';
import type { MappedBatch } from '../batches/mapped-batch.js';
import { defaultMaxMemoryBytes } from '../batches/memory-budget.js';
import type { DataLoaderOptions } from '../loader-options.js';
import { CacheUse } from '../reading/cache-use.js';
import type { Rows } from '../sources/source.js';
import type { TakenBatch } from '../stats/stats.js';
import { runnerOf, type TransformRunner } from '../transforms/user-transform.js';
import { BatchQueue } from './batch-queue.js';
import { MappedQueue } from './mapped-queue.js';
import { PrefetchDepth } from './prefetch-depth.js';
import type { Queue, QueueTask } from './queue.js';

/** Whatever a loader's batches are. */
export type AnyBatch = Batch<Schema> | MappedBatch<Schema>;

/** What a loader's batches are made in, epoch after epoch. */
export interface BatchSource {
  /** Takes what a batch that was handed out has shown of consumer and device. */
  note(taken: TakenBatch & { epoch: number }): void;
  /** Begins an epoch; several may be under way at once. */
  queue(task: Omit<QueueTask, 'depth'>): Queue<AnyBatch>;
  /** Ends what the end of an iteration would wait for, where there is such a thing. */
  stop(): Promise<void> | undefined;
  close(): void;
}

/** @param brought whether rows are brought into the page cache before their batch is read */
export function batchSourceOf(rows: Rows, options: DataLoaderOptions, brought: boolean): BatchSource {
  return options.mode === 'mapped'
    ? new MappedBatches(rows, options)
    : new SlotBatches(rows, { ...options, mode: options.mode }, brought);
}

/** Batches in slots of a pool of shared memory. */
class SlotBatches implements BatchSource {
  /** How far ahead they are read. */
  readonly #depth: PrefetchDepth;
  readonly #rows: Rows;
  readonly #maker: BatchMaker;
  readonly #memory: BatchMemory;
  readonly #runner: TransformRunner | undefined;
  readonly #cacheUse = new CacheUse();

  constructor(
    rows: Rows,
    options: DataLoaderOptions & { mode: Exclude<DataLoaderOptions['mode'], 'mapped'> },
    brought: boolean,
  ) {
    const { fields, mode = 'auto', verify = rows.verify, pad, transforms = {} } = options;
    const { batchSize = 1, prefetchBatches: fixed, onRelease = 'detach', onCorrupt = 'throw' } = options;
    const skips = onCorrupt !== 'throw';
    const reader = rows.createReader({ fields, mode, verify, pad, skips, brought, cacheUse: this.#cacheUse });
    const finishing = new Finishing({
      plans: reader.plans,
      transforms,
      paddings: reader.paddings,
      checksBools: verify !== 'never',
    });
    this.#rows = rows;
    this.#runner = options.transform && runnerOf(options.transform, options.workers);
    this.#maker = new BatchMaker({ reader, finishing, skips, runner: this.#runner });
    const slotBytes = this.#maker.expectedBytes(Math.min(batchSize, rows.length));
    const depthOf = (maxMemoryBytes: number) => new PrefetchDepth({ fixed, slotBytes, maxMemoryBytes });
    // One more than are read ahead: the one that the user works on. And as many again for those that are kept.
    const wantedBytes = 2 * (depthOf(0).least + 1) * slotBytes;
    const { maxMemoryBytes = defaultMaxMemoryBytes(rows.pageCacheBudget, wantedBytes) } = options;
    this.#depth = depthOf(maxMemoryBytes);
    this.#memory = new BatchMemory({
      slots: this.#depth.least + 1,
      slotsWanted: () => this.#depth.batches + 1,
      slotBytes,
      maxMemoryBytes,
      detach: onRelease === 'detach',
    });
  }

  note(taken: TakenBatch & { epoch: number }): void {
    this.#depth.note(taken);
    this.#cacheUse.note(taken);
  }

  queue(task: Omit<QueueTask, 'depth'>): Queue<Batch> {
    const { cache } = this.#rows.store;
    return new BatchQueue({ ...task, depth: this.#depth, maker: this.#maker, memory: this.#memory, cache });
  }

  /** A transform may never end by itself. */
  stop(): Promise<void> | undefined {
    return this.#runner?.close();
  }

  close(): void {
    this.#memory.close();
  }
}

/** Batches of views of the mapped files. */
class MappedBatches implements BatchSource {
  /** How far ahead they are read. */
  readonly #depth: PrefetchDepth;
  readonly #rows: Rows;
  readonly #reader: ReturnType<Rows['createMappedReader']>;

  /** @throws ZC_ARGUMENT where the options ask for what needs a slot */
  constructor(rows: Rows, options: DataLoaderOptions) {
    const { fields, verify = rows.verify, batchSize = 1, prefetchBatches: fixed } = options;
    for (const name of ['pad', 'transforms', 'transform', 'onCorrupt'] as const) {
      if (options[name] !== undefined && options[name] !== 'throw') throw needsSlots(name);
    }
    this.#rows = rows;
    this.#reader = rows.createMappedReader({ fields, verify });
    const slotBytes = this.#reader.expectedBytes(Math.min(batchSize, rows.length));
    const { maxMemoryBytes = defaultMaxMemoryBytes(rows.pageCacheBudget) } = options;
    this.#depth = new PrefetchDepth({ fixed, slotBytes, maxMemoryBytes });
  }

  note(taken: TakenBatch): void {
    this.#depth.note(taken);
  }

  queue(task: Omit<QueueTask, 'depth'>): Queue<MappedBatch> {
    const { cache } = this.#rows.store;
    return new MappedQueue({ ...task, depth: this.#depth, reader: this.#reader, cache });
  }

  stop(): undefined {}

  close(): void {}
}

function needsSlots(option: string): ZcError {
  return new ZcError('ZC_ARGUMENT', `${option} changes batches, and mode 'mapped' has views of the files`, {
    advice: `Leave ${option} or mode: 'mapped' out.`,
  });
}
