import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeReadPlan, MappedFile, ReadEngine } from '../src/index.js';
import { backends } from './helpers/backends.js';
import { rejected, thrown } from './helpers/caught.js';
import { writePattern } from './helpers/pattern.js';
import { MIB, Reading } from './helpers/reading.js';

describe.each(backends)('%s', (backend) => {
  const on = new Reading({ backend });

  test('is what was asked for, and opens files', () => {
    expect(on.engine.backend).toBe(backend);
    expect(on.engine.fileSize(on.file)).toBe(on.size);
  });

  test('prefetching brings a range into the page cache', async () => {
    const ahead = join(on.folder, `ahead-${backend}`);
    writePattern(ahead, 4 * MIB);
    const aheadFile = on.engine.openFile(ahead);
    await on.engine.prefetch(aheadFile, [{ offset: 1 * MIB, length: 2 * MIB }]);
    using map = new MappedFile(ahead);
    expect(map.residentBytes(1 * MIB, 2 * MIB)).toBe(2 * MIB);
    await rejected('ZC_ARGUMENT', on.engine.prefetch(aheadFile, [{ offset: 4 * MIB, length: 1 }]));
    await rejected('ZC_ARGUMENT', on.engine.prefetch(aheadFile, [{ offset: -1, length: 1 }]));
    on.engine.closeFile(aheadFile);
  });

  test('counts what it does', async () => {
    const before = on.engine.stats;
    using lease = on.pool.acquire()!;
    await on.engine.read(lease, encodeReadPlan([on.whole(0, 1 * MIB, 0, 'direct')]));
    expect(on.engine.stats.batchesDone).toBe(before.batchesDone + 1);
    expect(on.engine.stats.bytesRead).toBeGreaterThanOrEqual(before.bytesRead + 1 * MIB);
  });
});

test('a backend that there is not', () => {
  thrown('ZC_ARGUMENT', () => new ReadEngine({ backend: 'magic' as never }));
});

test.each([-1, 0.5, Number.NaN])('a time-out of %d is refused', (closeTimeoutMs) => {
  thrown('ZC_ARGUMENT', () => new ReadEngine({ closeTimeoutMs }));
});

test('ZC_IO_BACKEND decides for auto, and only for auto', async () => {
  process.env.ZC_IO_BACKEND = 'threads';
  try {
    await using automatic = new ReadEngine();
    expect(automatic.backend).toBe('threads');
    await using named = new ReadEngine({ backend: backends[0] });
    expect(named.backend).toBe(backends[0]);
    process.env.ZC_IO_BACKEND = 'magic';
    thrown('ZC_ARGUMENT', () => new ReadEngine());
  } finally {
    delete process.env.ZC_IO_BACKEND;
  }
});
