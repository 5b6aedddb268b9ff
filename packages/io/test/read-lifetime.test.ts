import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { BufferPool, encodeReadPlan, ReadEngine } from '../src/index.js';
import { rejected, thrown } from './helpers/caught.js';
import { engines } from './helpers/engines.js';
import { KIB, MIB, Reading } from './helpers/reading.js';
import { expectSameBytes } from './helpers/same-bytes.js';

describe.each(engines)('$name', ({ backend, faults }) => {
  const on = new Reading({ backend, faults });

  test('a lease that has ended is refused', async () => {
    const lease = on.pool.acquire()!;
    lease.release();
    await rejected('ZC_IO_CLOSED', on.engine.read(lease, encodeReadPlan([])));
  });

  test('a slot whose lease ends during the read is not leased again before its end', async () => {
    const small = new BufferPool({ slotBytes: 4 * MIB, slots: 1 });
    const lease = small.acquire()!;
    const { buffer } = lease;
    const reading = on.engine.read(lease, encodeReadPlan([on.whole(0, 4 * MIB, 0, 'direct')]));
    lease.release();
    expect([buffer.byteLength, small.leased, small.acquire()]).toEqual([0, 1, null]);
    const next = small.acquireAsync();
    await reading;
    using again = await next;
    expectSameBytes(new Uint8Array(again.buffer), on.bytes.subarray(0, 4 * MIB));
  });

  describe('files', () => {
    test('that are not there cannot be opened', () => {
      const missing = join(on.folder, 'none');
      expect(thrown('ZC_IO_OPEN', () => on.engine.openFile(missing))).toMatchObject({
        path: missing,
        details: { errno: 2 },
      });
    });

    test('that were closed cannot be read', async () => {
      const closed = on.engine.openFile(on.path);
      on.engine.closeFile(closed);
      using lease = on.pool.acquire()!;
      await rejected(
        'ZC_ARGUMENT',
        on.engine.read(lease, encodeReadPlan([{ ...on.whole(0, 1, 0, 'buffered'), file: closed }])),
      );
      thrown('ZC_ARGUMENT', () => on.engine.closeFile(closed));
      thrown('ZC_ARGUMENT', () => on.engine.fileSize(closed));
    });

    test('that are closed during a read are read to the end', async () => {
      const own = on.engine.openFile(on.path);
      using lease = on.pool.acquire()!;
      const reading = on.engine.read(
        lease,
        encodeReadPlan([{ ...on.whole(0, 4 * MIB, 0, 'direct'), file: own }]),
      );
      on.engine.closeFile(own);
      await reading;
      expectSameBytes(new Uint8Array(lease.buffer), on.bytes.subarray(0, 4 * MIB));
    });
  });

  describe('a signal', () => {
    test('that has fired already', async () => {
      using lease = on.pool.acquire()!;
      const error = await rejected(
        'ZC_ABORTED',
        on.engine.read(lease, encodeReadPlan([]), { signal: AbortSignal.abort('why') }),
      );
      expect(error.cause).toBe('why');
    });

    test('that fires during a read ends it, or comes too late; the slot comes back', async () => {
      const abort = new AbortController();
      using lease = on.pool.acquire()!;
      const plan = encodeReadPlan(
        Array.from({ length: 64 }, (_, i) => on.whole(i * 64 * KIB, 64 * KIB, i * 64 * KIB, 'direct')),
      );
      const reading = on.engine.read(lease, plan, { signal: abort.signal }).catch((error) => error);
      abort.abort('enough');
      const outcome = await reading;
      if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'ZC_ABORTED', cause: 'enough' });
      lease.release();
      expect(on.pool.leased).toBe(0);
    });
  });

  describe('closing', () => {
    test('ends what is in flight, with every slot given back', async () => {
      const closing = new ReadEngine({ backend });
      const own = closing.openFile(on.path);
      const reading = Array.from({ length: 4 }, async () => {
        using lease = await on.pool.acquireAsync();
        return closing.read(lease, encodeReadPlan([{ ...on.whole(0, 4 * MIB, 0, 'direct'), file: own }]));
      });
      await setTimeout(0);
      const outcomes = Promise.allSettled(reading);
      await closing.close();
      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ZC_IO_CLOSED' });
      }
      expect(on.pool.leased).toBe(0);
    });

    test('twice is once; afterwards everything is refused', async () => {
      const closed = new ReadEngine({ backend });
      await Promise.all([closed.close(), closed.close()]);
      using lease = on.pool.acquire()!;
      await rejected('ZC_IO_CLOSED', closed.read(lease, encodeReadPlan([])));
      await rejected('ZC_IO_CLOSED', closed.prefetch(0, [{ offset: 0, length: 1 }]));
      thrown('ZC_IO_CLOSED', () => closed.openFile(on.path));
      thrown('ZC_IO_CLOSED', () => closed.closeFile(0));
    });
  });
});
