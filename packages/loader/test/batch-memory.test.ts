import type { ZeroCopyBuffer } from '@zc/io';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BatchMemory } from '../src/batches/batch-memory.js';

const PAGE = 4096;

/** What a consumer and a queue do to the memory, in any order. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('lease' as const), pages: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('wanted' as const), pages: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant('release' as const), which: fc.nat(50) }),
);

test('is never more than the budget, whatever is leased, kept and released; an error names what is held', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 4, max: 40 }), (steps, budgetPages) => {
      const maxMemoryBytes = budgetPages * PAGE;
      const options = { slots: 3, slotBytes: PAGE, maxMemoryBytes, detach: true, slotsWanted: () => 6 };
      const memory = new BatchMemory(options);
      const held: { slot: ZeroCopyBuffer; label: string }[] = [];
      let made = 0;
      for (const one of steps) {
        if (one.kind === 'release') {
          if (held.length > 0) held.splice(one.which % held.length, 1)[0]!.slot.release();
          continue;
        }
        const label = `batch ${made++}`;
        try {
          let slot = memory.lease(one.pages * PAGE, label);
          if (slot === null && one.kind === 'wanted') {
            memory.grow();
            slot = memory.lease(one.pages * PAGE, label);
          }
          if (slot !== null) held.push({ slot, label });
        } catch (error) {
          const { code, message } = error as { code: string; message: string };
          expect(code).toBe('ZC_MEMORY_BUDGET');
          for (const { label } of held.slice(0, 16)) expect(message).toContain(label);
        }
        expect(memory.bytes).toBeLessThanOrEqual(maxMemoryBytes);
        const bytes = held.reduce((sum, { slot }) => sum + slot.pool.slotBytes, 0);
        expect(memory.bytes).toBeGreaterThanOrEqual(bytes);
      }
      for (const { slot } of held) slot.release();
      memory.close();
    }),
    { numRuns: 300 },
  );
});
