import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { collectUntil } from '../../../tools/testing/garbage.js';
import { BufferPool, encodeReadPlan, MappedFile, MmapManager, ReadEngine } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { writePattern } from './helpers/pattern.js';
import { descriptorsOf, mapsOf } from './helpers/process-resources.js';
import { expectSameBytes } from './helpers/same-bytes.js';
import { temporaryFolder } from './helpers/temporary-folder.js';

const MIB = 2 ** 20;
const folder = temporaryFolder();
const path = join(folder, 'data');
let bytes: Uint8Array;
beforeAll(() => {
  bytes = writePattern(path, 20 * MIB);
});

describe('a map', () => {
  test('goes with its file object and its last view, whichever is later', async () => {
    const views: Uint8Array[] = [];
    (() => {
      using file = new MappedFile(path);
      views.push(file.view(100, 100), file.view(19 * MIB, 100));
    })();
    expect(mapsOf(path)).toBe(1);
    views.pop();
    expect(await collectUntil(() => mapsOf(path) === 0)).toBe(false);
    expectSameBytes(views[0]!, bytes.subarray(100, 200));
    views.pop();
    expect(await collectUntil(() => mapsOf(path) === 0)).toBe(true);
  });

  test('goes with a file object that was forgotten', async () => {
    (() => {
      new MappedFile(path).view(0, 20 * MIB);
    })();
    expect(await collectUntil(() => mapsOf(path) === 0)).toBe(true);
  });

  test('goes when the manager has let it go and nobody holds it', async () => {
    using maps = new MmapManager({ maxFiles: 1 });
    maps.open(path);
    expect(mapsOf(path)).toBe(1);
    const other = join(folder, 'other');
    writePattern(other, 100);
    maps.open(other);
    expect(await collectUntil(() => mapsOf(path) === 0)).toBe(true);
    expect(mapsOf(other)).toBe(1);
  });

  test('keeps no descriptor open', () => {
    using _ = new MappedFile(path);
    expect(descriptorsOf(new RegExp(`${path}$`))).toBe(0);
  });

  test('many short views neither make many maps nor many buffers', () => {
    using file = new MappedFile(path);
    const buffers = new Set<ArrayBufferLike>();
    for (let i = 0; i < 10_000; i++) buffers.add(file.view((i * 7919) % (20 * MIB - 10), 10).buffer);
    // The first sixteen have small ones of their own.
    expect([mapsOf(path), buffers.size <= 16 + 3]).toEqual([1, true]);
  });
});

describe('a slot', () => {
  test('comes back when a lease was forgotten, but not while its buffer is held', async () => {
    const pool = new BufferPool({ slotBytes: 4096, slots: 1 });
    const held: ArrayBuffer[] = [];
    (() => {
      held.push(pool.acquire()!.buffer);
    })();
    expect(await collectUntil(() => pool.leased === 0)).toBe(false);
    held.pop();
    expect(await collectUntil(() => pool.leased === 0)).toBe(true);
  });

  test('that comes back so is given to who waits', async () => {
    const pool = new BufferPool({ slotBytes: 4096, slots: 1 });
    (() => {
      pool.acquire();
    })();
    let served = false;
    const waiting = pool.acquireAsync().then(() => {
      served = true;
    });
    expect(await collectUntil(() => served)).toBe(true);
    await waiting;
  });

  test('serves a thousand leases', async () => {
    const pool = new BufferPool({ slotBytes: 65_536, slots: 2 });
    for (let i = 0; i < 1000; i++) {
      using lease = pool.acquire()!;
      new Uint8Array(lease.buffer)[0] = i;
      if (i % 100 === 0) await setImmediate();
    }
    expect([pool.leased, pool.capacity]).toEqual([0, 2]);
  });
});

test('the memory of a pool goes with the pool, its leases and its buffers', async () => {
  const gone = () => descriptorsOf(/memfd/) === 0;
  // The pools of the tests before this one.
  expect(await collectUntil(gone)).toBe(true);
  const kept: Uint8Array[] = [];
  (() => {
    using pool = new BufferPool({ slotBytes: MIB, slots: 4, detach: false, maxMemoryBytes: 16 * MIB });
    pool.grow();
    using lease = pool.acquire()!;
    kept.push(new Uint8Array(lease.buffer).fill(5));
  })();
  expect(await collectUntil(gone)).toBe(false);
  expect(kept[0]!.every((byte) => byte === 5)).toBe(true);
  kept.pop();
  expect(await collectUntil(gone)).toBe(true);
});

test('the memory of a closed pool goes with its last lease, without waiting for a collection', async () => {
  const memfds = () => descriptorsOf(/memfd/);
  const before = memfds();
  const pool = new BufferPool({ slotBytes: MIB, slots: 2 });
  const lease = pool.acquire()!;
  pool.close();
  expect([memfds(), pool.leased]).toEqual([before + 1, 1]);
  lease.release();
  expect([memfds(), pool.leased, pool.capacity, pool.segments]).toEqual([before, 0, 0, []]);
});

describe.each(backends)('an engine on %s', (backend) => {
  const own = /io_uring|eventfd/;

  test('gives back its descriptors when it is closed', async () => {
    const before = [descriptorsOf(own), descriptorsOf(new RegExp(`${path}$`))];
    const engine = new ReadEngine({ backend });
    engine.openFile(path);
    await engine.close();
    expect([descriptorsOf(own), descriptorsOf(new RegExp(`${path}$`))]).toEqual(before);
  });

  test('gives them back when it was forgotten, but not before its reads have ended', async () => {
    const before = descriptorsOf(new RegExp(`${path}$`));
    const pool = new BufferPool({ slotBytes: 16 * MIB, slots: 1 });
    const reading = (() => {
      const engine = new ReadEngine({ backend });
      const piece = { extentOffset: 0, length: 16 * MIB, slotOffset: 0 };
      const extent = { file: engine.openFile(path), offset: 0, length: 16 * MIB, way: 'direct' as const };
      return engine.read(pool.acquire()!, encodeReadPlan([{ ...extent, pieces: [piece] }]));
    })();
    globalThis.gc!();
    await reading;
    expect(await collectUntil(() => descriptorsOf(new RegExp(`${path}$`)) === before)).toBe(true);
    expect(await collectUntil(() => pool.leased === 0)).toBe(true);
  });
});
