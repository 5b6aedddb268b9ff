import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dataset, mix, type Source } from '../../src/index.js';
import { takeTurns } from '../../src/order/chairman.js';
import { MixedOrder } from '../../src/order/mixed-order.js';
import { RankShare } from '../../src/order/ranks.js';
import { createSequence, type OrderOptions, type Sequence } from '../../src/order/sequence.js';
import type { ShuffleKind } from '../../src/order/shuffle.js';
import { partsOf } from '../../src/sources/source.js';
import { everything, everythingSamples, writeDataset } from '../helpers/datasets.js';
import { writeTokens } from '../helpers/tokens.js';

/** A job of some ranks that takes some batches, after which another one goes on. */
interface Job {
  batchSize: number;
  worldSize: number;
  batches: number;
}

const job: fc.Arbitrary<Job> = fc.record({
  batchSize: fc.integer({ min: 1, max: 40 }),
  worldSize: fc.integer({ min: 1, max: 9 }),
  batches: fc.nat(12),
});
const shuffle: fc.Arbitrary<ShuffleKind> = fc.oneof(
  fc.boolean(),
  fc.record({ blocks: fc.integer({ min: 1, max: 50 }), window: fc.integer({ min: 1, max: 200 }) }),
);
const order: fc.Arbitrary<OrderOptions> = fc.record({
  shuffle,
  seed: fc.maxSafeNat(),
  epoch: fc.nat(100_000),
});

/** What all ranks of a job read from a position on, global batch after global batch, and where that ends. */
function run(
  sequence: Sequence,
  { batchSize, worldSize, batches }: Job,
  start: number,
): { read: number[]; position: number } {
  const shares = Array.from(
    { length: worldSize },
    (_, rank) =>
      new RankShare({ samples: sequence.length, batchSize, worldSize, rank, dropLast: false, start }),
  );
  if (new Set(shares.map((share) => share.batches)).size !== 1) throw new Error('ranks end unevenly');
  const read: number[] = [];
  let position = start;
  for (let batch = 0; batch < Math.min(batches, shares[0]!.batches); batch++) {
    for (const share of shares) {
      const ids = new Float64Array(share.batchLength(batch));
      share.fill(ids, batch, sequence);
      read.push(...ids);
    }
    position = shares[0]!.positionAfter(batch);
  }
  return { read, position };
}

/** Goes through an epoch in several jobs of other ranks and batch sizes, the last of which ends it. */
function throughEpoch(sequence: Sequence, jobs: readonly Job[]): void {
  const whole = new Float64Array(sequence.length);
  sequence.fill(whole, 0, whole.length);
  const read: number[] = [];
  let position = 0;
  jobs.forEach((job, i) => {
    const batches = i === jobs.length - 1 ? Number.POSITIVE_INFINITY : job.batches;
    const part = run(sequence, { ...job, batches }, position);
    read.push(...part.read);
    position = part.position;
  });
  expect(read.slice(0, whole.length)).toEqual([...whole]);
  const padding = read.slice(whole.length);
  // Only the last global batch of an epoch is padded, from its front.
  expect(padding).toEqual(padding.map((_, i) => whole[i % whole.length]));
  expect(padding.length).toBeLessThan(Math.max(...jobs.map(({ worldSize }) => worldSize)));
}

const jobs = fc.array(job, { minLength: 2, maxLength: 4 });

test('lists of any length go on under other ranks: none twice, none skipped', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), order, jobs, (length, options, jobs) => {
      throughEpoch(createSequence({ length, bytesPerRow: 1, ...options }), jobs);
    }),
    { numRuns: 3000 },
  );
});

test('so do mixtures', () => {
  const sources = fc.array(
    fc.record({ length: fc.integer({ min: 1, max: 90 }), share: fc.integer({ min: 1, max: 20 }) }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(sources, fc.integer({ min: 1, max: 300 }), order, jobs, (sources, length, options, jobs) => {
      let rows = 0;
      const mixed = sources.map((source) => {
        const firstRow = rows;
        rows += source.length;
        const sequence = (own: OrderOptions) =>
          createSequence({ length: source.length, bytesPerRow: 1, ...own });
        return { ...source, firstRow, sequence };
      });
      const turns = takeTurns(sources.map(({ share }) => share));
      throughEpoch(new MixedOrder(mixed, { ...options, length, turns }), jobs);
    }),
    { numRuns: 2000 },
  );
});

const opened: Dataset[] = [];
const sources: Source[] = [];
beforeAll(async () => {
  const dataset = await Dataset.open(await writeDataset(everything, everythingSamples(130)));
  const tokens = await Dataset.open((await writeTokens([300, 0, 77, 901, 4])).directory);
  opened.push(dataset, tokens);
  const windows = await tokens.windows({ field: 'tokens', length: 17, stride: 8 });
  const weights = Float64Array.from({ length: 130 }, (_, i) => 1 + (i % 7));
  const { some, others } = dataset.split({ some: 0.3, others: 0.7 });
  sources.push(
    dataset,
    some,
    dataset.subset([5, 5, 9, 120, 3]),
    dataset.take(31).repeat(4),
    dataset.weighted(weights),
    others.weighted(weights.subarray(0, others.length), { replacement: false }),
    mix([
      { source: some, weight: 0.25 },
      { source: others.repeat(2), weight: 0.75 },
    ]),
    windows as Source,
    mix([
      { source: windows.take(20) as Source, weight: 2 },
      { source: windows as Source, weight: 1 },
    ]),
  );
});
afterAll(() => Promise.all(opened.map((dataset) => dataset.close())));

test('so do datasets, parts, weighted draws, windows and mixtures of them', () => {
  fc.assert(
    fc.property(fc.nat(8), order, jobs, (number, options, jobs) => {
      throughEpoch(partsOf(sources[number]!).sequence(options), jobs);
    }),
    { numRuns: 2000 },
  );
});
