import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RankShare, type RankShareOptions } from '../../src/order/ranks.js';
import { createSequence } from '../../src/order/sequence.js';

const options = fc
  .record({
    samples: fc.integer({ min: 1, max: 400 }),
    batchSize: fc.integer({ min: 1, max: 40 }),
    worldSize: fc.integer({ min: 1, max: 9 }),
    dropLast: fc.boolean(),
    seed: fc.integer({ min: 0, max: 1000 }),
  })
  .map((record) => ({ ...record, shuffle: true, epoch: 1, start: 0 }));

type Options = Omit<RankShareOptions, 'rank'> & { seed: number; shuffle: boolean; epoch: number };

const sequenceOf = (job: Options) => createSequence({ ...job, length: job.samples, bytesPerRow: 1 });

/** The batches of every rank: `[rank][batch]` is an array of ids. */
function batchesOf(job: Options): number[][][] {
  const sequence = sequenceOf(job);
  return Array.from({ length: job.worldSize }, (_, rank) => {
    const share = new RankShare({ ...job, rank });
    return Array.from({ length: share.batches }, (_, batch) => {
      const ids = new Float64Array(share.batchLength(batch));
      share.fill(ids, batch, sequence);
      return [...ids];
    });
  });
}

function jobList(job: Options): number[] {
  const ids = new Float64Array(job.samples);
  sequenceOf(job).fill(ids, 0, job.samples);
  return [...ids];
}

test('every rank has as many samples and batches as with PyTorch', () => {
  fc.assert(
    fc.property(options, (job) => {
      const { samples, worldSize, batchSize, dropLast } = job;
      // DistributedSampler.num_samples, then DataLoader.__len__.
      const perRank = dropLast ? Math.floor(samples / worldSize) : Math.ceil(samples / worldSize);
      const batches = dropLast ? Math.floor(perRank / batchSize) : Math.ceil(perRank / batchSize);
      for (const rank of batchesOf(job)) {
        expect(rank).toHaveLength(batches);
        const yielded = rank.flat().length;
        expect(yielded).toBe(dropLast ? batches * batchSize : perRank);
      }
    }),
  );
});

test('all ranks together read the list, padded from its front or cut', () => {
  fc.assert(
    fc.property(options, (job) => {
      const ranks = batchesOf(job);
      const list = jobList(job);
      // Global batches in turn, in each of them the ranks in turn.
      const read = (ranks[0] ?? []).flatMap((_, batch) => ranks.flatMap((rank) => rank[batch]!));
      const padded = Array.from({ length: read.length }, (_, i) => list[i % list.length]);
      expect(read).toEqual(padded);
      if (!job.dropLast) expect(new Set(read).size).toBe(job.samples);
      else expect(new Set(read).size).toBe(read.length);
    }),
  );
});

describe('going on in the middle', () => {
  test('gives what was left, with any other batch size and world size', () => {
    fc.assert(
      fc.property(options, options, fc.nat(), (before, after, pick) => {
        const whole = new RankShare({ ...before, rank: 0 });
        fc.pre(whole.batches > 0);
        const start = whole.positionAfter(pick % whole.batches);
        const job = {
          ...before,
          batchSize: after.batchSize,
          worldSize: after.worldSize,
          dropLast: false,
          start,
        };
        const rest = jobList(before).slice(start);
        const ranks = batchesOf(job);
        const read = (ranks[0] ?? []).flatMap((_, batch) => ranks.flatMap((rank) => rank[batch]!));
        expect(read.slice(0, rest.length)).toEqual(rest);
        expect(read.length - rest.length).toBeLessThan(job.worldSize);
      }),
    );
  });

  test('gives the very same batches with the same sizes', () => {
    fc.assert(
      fc.property(options, fc.nat(), (job, pick) => {
        const share = new RankShare({ ...job, rank: 0 });
        fc.pre(share.batches > 0);
        const batch = pick % share.batches;
        const resumed = batchesOf({ ...job, start: share.positionAfter(batch) });
        batchesOf(job).forEach((rank, r) => {
          expect(resumed[r]).toEqual(rank.slice(batch + 1));
        });
      }),
    );
  });
});
