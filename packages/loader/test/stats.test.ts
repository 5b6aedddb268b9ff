import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BatchEvent, DataLoader, type LoaderCounts, toFloat, verdictOf } from '../src/index.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';
import { coldCopy } from './helpers/page-cache.js';

const COUNT = 150;
let directory: string;
beforeAll(async () => {
  directory = await writeDataset(everything, everythingSamples(COUNT));
});

describe('what a loader counts', () => {
  test('each batch is told of as it is handed out, and the sums are those of the counters', async () => {
    await using loader = await DataLoader.open(coldCopy(directory), { batchSize: 16, mode: 'direct' });
    const events: BatchEvent[] = [];
    loader.on('batch', (event) => events.push(event));
    let samples = 0;
    for await (const batch of loader) {
      samples += batch.length;
      // Told before the consumer has the batch.
      expect(events.at(-1)).toMatchObject({ epoch: 0, batch: events.length - 1, samples: batch.length });
    }
    expect(samples).toBe(COUNT);
    const { verdict, helpers, readMs, ...counts } = loader.stats();
    expect(counts).toMatchObject({ batches: 10, samples: COUNT });
    expect(helpers).toBeGreaterThan(0);
    for (const key of ['bytesDirect', 'bytesRead', 'waitedMs', 'stepMs', 'planMs', 'copyMs'] as const) {
      expect(counts[key]).toBeCloseTo(
        events.reduce((sum, event) => sum + event[key], 0),
        6,
      );
    }
    expect(counts.stalls).toBe(events.filter(({ stalled }) => stalled).length);
    // Reads that overlap count once.
    expect(readMs).toBeGreaterThan(0);
    expect(readMs).toBeLessThanOrEqual(events.reduce((sum, event) => sum + event.readMs, 0) + 1e-6);
    expect(verdict.text).not.toBe('');
  });

  test('nobody is told any more once they left, and what a listener throws ends the iteration', async () => {
    await using loader = await DataLoader.open(directory, { batchSize: 50 });
    let told = 0;
    const listener = () => {
      told += 1;
    };
    loader.on('batch', listener);
    for await (const _ of loader) loader.off('batch', listener);
    expect(told).toBe(1);
    loader.on('batch', () => {
      throw new Error('the listener fails');
    });
    await expect(loader[Symbol.asyncIterator]().next()).rejects.toThrow('the listener fails');
  });

  test('transforms are counted where there are some', async () => {
    const transforms = { image: [toFloat()] };
    await using loader = await DataLoader.open(directory, { batchSize: 50, transforms });
    for await (const _ of loader);
    const { finishMs, waitedMs } = loader.stats();
    expect(finishMs).toBeGreaterThan(0);
    // Each was transformed before it was handed out.
    expect(finishMs).toBeLessThanOrEqual(waitedMs + loader.stats().stepMs);
  });

  test('a snapshot can be the beginning of a span', async () => {
    await using loader = await DataLoader.open(directory, { batchSize: 50 });
    expect(loader.stats().verdict).toEqual({ by: 'nothing', share: 0, text: 'nothing was read yet' });
    for await (const _ of loader);
    const first = loader.stats();
    for await (const _ of loader);
    expect(loader.stats(first)).toMatchObject({ batches: 3, samples: COUNT });
    expect(loader.stats()).toMatchObject({ batches: 6, samples: 2 * COUNT });
  });

  test("the consumer's own time is counted apart from its waiting", async () => {
    await using loader = await DataLoader.open(directory, { batchSize: 10 });
    let asked = 0;
    for await (const _ of loader) {
      await sleep(20);
      asked += 1;
    }
    const stats = loader.stats();
    // The last step ends with the iteration, not with another batch. Timers may fire a millisecond early.
    expect(stats.stepMs).toBeGreaterThanOrEqual((asked - 1) * 19);
    expect(stats.verdict).toEqual(verdictOf(stats));
  });
});

describe('the verdict', () => {
  const none = Object.fromEntries(
    [
      ...[
        'batches',
        'samples',
        'bytesDirect',
        'bytesStaged',
        'bytesCopied',
        'bytesResident',
        'bytesRead',
        'stalls',
      ],
      ...[
        'readyBatches',
        'waitedMs',
        'stepMs',
        'readMs',
        'checkMs',
        'copyMs',
        'finishMs',
        'planMs',
        'lookupMs',
        'slotMs',
      ],
    ].map((key) => [key, 0]),
  ) as unknown as LoaderCounts;
  /** A job that waited for 800 of its 1,000 ms. */
  const waiting = { ...none, helpers: 2, batches: 10, stalls: 8, waitedMs: 800, stepMs: 200 };

  test.each([
    [
      'disk',
      { readMs: 950, copyMs: 300, bytesRead: 612e6 },
      'the disk holds you up: 612 MB/s of the 640 it gave when measured, with reads under way 95 % of the time',
    ],
    [
      'cpu',
      { readMs: 200, checkMs: 1100, copyMs: 700 },
      'this CPU holds you up: 2 helper threads were busy 90 % of the time, copies took 35 %, checksums apart from them 55 %',
    ],
    [
      'transforms',
      { finishMs: 700, readMs: 300 },
      'transforms hold you up: batches were transformed or padded 70 % of the time',
    ],
    ['planning', { planMs: 600, readMs: 100 }, 'planning holds you up: finding rows took 60 % of the time'],
    [
      'tables',
      { lookupMs: 700 },
      "the shards' tables hold you up: reading ahead waited for them 70 % of the time",
    ],
    [
      'memory',
      { slotMs: 700 },
      'kept batches hold you up: reading ahead waited for a free slot 70 % of the time',
    ],
    [
      'depth',
      { readMs: 250 },
      'too little is read ahead: 8 of 10 batches, one every 100.0 ms, were not ready',
    ],
  ])('%s', (by, counts, text) => {
    const verdict = verdictOf({ ...waiting, ...counts }, { diskBytesPerSecond: 640e6 });
    expect(verdict.by).toBe(by);
    expect(verdict.text.slice(0, text.length)).toBe(text);
  });

  test('whoever hardly waits is held up by the step, however busy the disk is', () => {
    const { by, share } = verdictOf({ ...waiting, waitedMs: 50, stepMs: 950, readMs: 990 });
    expect({ by, share }).toEqual({ by: 'step', share: 0.95 });
  });
});
