import { describe, expect, test } from 'vitest';
import { CachedRuns } from '../src/shards/cached-runs.js';
import { IndexCache } from '../src/shards/index-cache.js';

/** A part of `runs` runs of 100 bytes, whose reads are written down. */
function part(cache: IndexCache, runs: number) {
  const reads: [run: number, length: number][] = [];
  const part = { offset: 1000, length: runs * 100 - 30 };
  const cached = new CachedRuns<Uint8Array>({
    cache,
    part,
    runBytes: 100,
    file: {
      async lend(offset, length, use) {
        reads.push([(offset - part.offset) / 100, length]);
        use(new Uint8Array(length));
      },
      readNow: (_, length) => new Uint8Array(length),
    },
    decode: (bytes) => bytes,
  });
  return { cached, reads };
}

describe('runs', () => {
  test('that are neighbours are read together, and only once for all who ask', async () => {
    const { cached, reads } = part(new IndexCache(10_000), 10);
    await Promise.all([cached.load(2, 4), cached.load(3, 6), cached.load(4, 4)]);
    expect(reads).toEqual([
      [2, 300],
      [5, 200],
    ]);
    await cached.load(0, 9);
    expect(reads.slice(2)).toEqual([
      [0, 200],
      [7, 270],
    ]);
    expect(cached.at(9)).toHaveLength(70);
  });

  test('can be asked for again after a failure', async () => {
    let broken = true;
    const failing = new CachedRuns<Uint8Array>({
      ...{ cache: new IndexCache(10_000), part: { offset: 0, length: 100 }, runBytes: 100 },
      file: {
        async lend(_, length, use) {
          expect(broken).toBe(false);
          use(new Uint8Array(length));
        },
        readNow: (_, length) => new Uint8Array(length),
      },
      decode: (bytes) => bytes,
    });
    await expect(failing.load(0, 0)).rejects.toThrow();
    broken = false;
    await failing.load(0, 0);
    expect(failing.at(0)).toHaveLength(100);
  });
});

describe('the budget', () => {
  test('lets the runs go that were used longest ago', async () => {
    const cache = new IndexCache(1000);
    const { cached } = part(cache, 30);
    for (let run = 0; run < 10; run++) cached.now(run);
    for (const run of [0, 1, 2, 5]) cached.has(run, cache.begin());
    for (let use = 1; use <= 4; use++) cache.end(use);
    cached.now(10);
    const left = Array.from({ length: 11 }, (_, run) => run).filter((run) => cached.has(run, 9));
    expect(cache.bytes).toBeLessThanOrEqual(1000);
    expect(left).toEqual(expect.arrayContaining([0, 1, 2, 5]));
    expect(left.length).toBe(cache.bytes / 100);
  });

  test('never lets a run go that a plan in the making uses', async () => {
    const cache = new IndexCache(300);
    const { cached } = part(cache, 30);
    const use = cache.begin();
    for (let run = 0; run < 8; run++) {
      cached.has(run, use);
      cached.now(run);
    }
    expect(Array.from({ length: 8 }, (_, run) => cached.at(run)?.length)).toEqual(Array(8).fill(100));
    cache.end(use);
    cached.now(8);
    expect(cache.bytes).toBeLessThanOrEqual(300);
  });
});
