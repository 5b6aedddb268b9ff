import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { failure } from '../../../tools/testing/failure.js';
import { type Batch, DataLoader, Dataset } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { runChild } from './helpers/children.js';
import { everything, everythingSamples, writeDataset } from './helpers/datasets.js';
import { expectEverything } from './helpers/samples.js';

const names = everything.fields.map(({ name }) => name);
type Everything = typeof everything;
let directory: string;
beforeAll(async () => {
  directory = await writeDataset(everything, everythingSamples(200));
});

const open = (options: object = {}) =>
  DataLoader.open<Everything>(directory, { batchSize: 8, shuffle: true, ...options });

describe('a batch', () => {
  test('is detached when the next one is asked for', async () => {
    await using loader = await open();
    const batches: Batch<Everything>[] = [];
    for await (const batch of loader) {
      for (const former of batches) {
        expect(former.released).toBe(true);
        expect(former.image.data).toHaveLength(0);
        expect(former.caption.data).toHaveLength(0);
        expect(former.indices).toHaveLength(8);
        await failure('ZC_CLOSED', () => former.caption.at(0));
        await failure('ZC_CLOSED', () => former.audio.row(0));
        await failure('ZC_IO_CLOSED', () => former.retain());
      }
      batches.push(batch);
    }
    expect(batches).toHaveLength(25);
    expect(batches.at(-1)!.released).toBe(true);
  });

  test('is detached at once by release(), and by the end of a using block', async () => {
    await using loader = await open();
    let image: Uint8Array;
    for await (const batch of loader) {
      {
        using same = batch;
        image = same.image.data;
        expect(image.length).toBeGreaterThan(0);
      }
      expect(image).toHaveLength(0);
      batch.release();
      break;
    }
  });

  test('lives until its last reference is released', async () => {
    await using loader = await open();
    const kept: Batch<Everything>[] = [];
    for await (const batch of loader) if (kept.length < 5) kept.push(batch.retain());
    for (const batch of kept) expectEverything(batch, names);
    const [first] = kept;
    const again = first!.retain();
    first!.release();
    first!.release();
    expectEverything(again, names);
    expect(again.image.data).toBe(first!.image.data);
    again.release();
    expect(again.image.data).toHaveLength(0);
    for (const batch of kept) batch.release();
  });

  test('with onRelease: keep goes on showing its slot', async () => {
    await using loader = await open({ onRelease: 'keep', prefetchBatches: 1 });
    let former: Batch<Everything> | undefined;
    for await (const batch of loader) {
      expectEverything(batch, names);
      if (former !== undefined) expect(former.image.data).toHaveLength(8 * 2048);
      former = batch;
    }
    expect(former!.image.data).toHaveLength(8 * 2048);
  });
});

describe('keeping batches', () => {
  test('makes the pool grow up to the budget, then fails naming the held ones', async () => {
    await using dataset = await Dataset.open<Everything>(directory);
    const options = { batchSize: 8, fields: ['image'], prefetchBatches: 1 };
    // Slots of 16 KiB and one page for ids; ten of them, and a page of control words for each segment.
    const slotBytes = 20 * 1024;
    const loader = new DataLoader(dataset, { ...options, maxMemoryBytes: 10 * slotBytes + 5 * 4096 });
    const kept: Batch<Everything>[] = [];
    const error = await failure('ZC_MEMORY_BUDGET', async () => {
      for await (const batch of loader) kept.push(batch.retain());
    });
    expect(kept.length).toBeGreaterThanOrEqual(8);
    expect(kept.length).toBeLessThanOrEqual(10);
    expect(error.message).toContain('batch 0 of epoch 0, batch 1 of epoch 0');
    for (const batch of kept) expectEverything(batch, ['image']);
    for (const batch of kept) batch.release();
    // With the slots back the next iteration runs to its end.
    let count = 0;
    for await (const batch of loader) count += batch.length;
    expect(count).toBe(200);
    await loader.close();
  });

  test('reading ahead alone never makes it grow', async () => {
    await using loader = await open({ prefetchBatches: 3 });
    for await (const batch of loader) {
      expect(batch.slot.pool.capacity).toBe(4);
      await setImmediate();
    }
  });

  test('a batch that does not fit the budget', async () => {
    await using loader = await open({ maxMemoryBytes: 8192 });
    const error = await failure('ZC_MEMORY_BUDGET', async () => {
      for await (const _ of loader);
    });
    expect(error.expected).toBe(8192);
  });

  test('a batch larger than expected gets a larger slot, and what is held stays right', async () => {
    const sizes = [1, 1, 1, 1, 1, 1, 1, 1, 40, 80];
    const samples = everythingSamples(10).map((sample, i) => ({
      ...sample,
      photo: new Uint8Array(sizes[i]! * 10_000),
    }));
    const lopsided = await writeDataset(everything, samples, { shardBytes: 2 ** 20 });
    await using loader = await DataLoader.open<Everything>(lopsided, {
      batchSize: 1,
      fields: ['photo', 'label'],
    });
    const kept: Batch<Everything>[] = [];
    for await (const batch of loader) kept.push(batch.retain());
    expect(kept.map(({ photo }) => photo.data.length)).toEqual(sizes.map((size) => size * 10_000));
    expect(new Set(kept.map(({ slot }) => slot.pool)).size).toBeGreaterThan(1);
    for (const batch of kept) expectEverything(batch, ['label']);
    for (const batch of kept) batch.release();
  });
});

describe.each(backends)('leaving an iteration on %s', (backend) => {
  test.each([
    ['break', ['3']],
    ['throw', ['from the body', '3']],
    ['abort', ['ZC_ABORTED', '3']],
    ['keep', ['50']],
  ])('by %s lets the process end by itself', (way, printed) => {
    const output = runChild('leave', [directory, way], { ZC_IO_BACKEND: backend });
    expect(output.trim().split('\n')).toEqual(printed);
  });

  test('frees every slot, and the next iteration runs', async () => {
    await using loader = await open({ backend, mode: 'direct', prefetchBatches: 4 });
    let pool: Batch['slot']['pool'] | undefined;
    for (let round = 0; round < 20; round++) {
      for await (const batch of loader) {
        pool = batch.slot.pool;
        break;
      }
      expect(pool!.leased).toBe(0);
    }
    let count = 0;
    for await (const batch of loader) count += batch.length;
    expect(count).toBe(200);
  });

  test('by its signal, before and during', async () => {
    const controller = new AbortController();
    await using loader = await open({ backend, signal: controller.signal });
    const iterator = loader[Symbol.asyncIterator]();
    const first = await iterator.next();
    const waiting = Promise.all([iterator.next(), iterator.next()]);
    controller.abort(new Error('enough'));
    const error = await failure('ZC_ABORTED', () => waiting);
    expect((error.cause as Error).message).toBe('enough');
    expect(first.value!.image.data).toHaveLength(0);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await failure('ZC_ABORTED', async () => {
      for await (const _ of loader);
    });
  });

  test('closing the loader under way', async () => {
    const loader = await open({ backend, mode: 'direct' });
    const iterator = loader[Symbol.asyncIterator]();
    const batch = (await iterator.next()).value!;
    const held = batch.retain();
    await loader.close();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expectEverything(held, names);
    held.release();
    await failure('ZC_CLOSED', () => loader[Symbol.asyncIterator]());
    await failure('ZC_CLOSED', () => loader.getSample(0));
  });

  test('leaves no descriptor and no map behind', async () => {
    const round = async () => {
      await using loader = await open({ backend, prefetchBatches: 2 });
      loader.getSample(3);
      (await loader.getBatch([1, 2])).release();
      for await (const batch of loader) if (batch.indices.includes(100)) break;
    };
    await round();
    const before = await counts(() => false);
    for (let i = 0; i < 10; i++) await round();
    const after = await counts(({ fds, maps }) => fds <= before.fds && maps <= before.maps);
    expect(after.fds).toBeLessThanOrEqual(before.fds);
    expect(after.maps).toBeLessThanOrEqual(before.maps);
  });
});

interface Counts {
  fds: number;
  /** Of the files and pools that this package opens; the runtime's own come and go. */
  maps: number;
}

/** Open descriptors and maps, once they are few enough or have had every chance to become so. */
async function counts(enough: (counts: Counts) => boolean): Promise<Counts> {
  let now: Counts = { fds: 0, maps: 0 };
  for (let round = 0; round < 30; round++) {
    globalThis.gc!();
    await setImmediate();
    const maps = readFileSync('/proc/self/maps', 'utf8').split('\n');
    now = {
      fds: readdirSync('/proc/self/fd').length,
      maps: maps.filter((line) => /\.zcs|memfd:/.test(line)).length,
    };
    if (enough(now)) break;
  }
  return now;
}
