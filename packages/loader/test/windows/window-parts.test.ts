import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shardOf } from '../../src/reading/sorted-ids.js';
import { windowsIn } from '../../src/windows/window-map.js';
import { WindowParts } from '../../src/windows/window-parts.js';

test('as many windows as lie within the tokens, or as it takes until none is left', () => {
  const sizes = fc.record({
    tokens: fc.nat(200),
    length: fc.integer({ min: 1, max: 60 }),
    stride: fc.integer({ min: 1, max: 60 }),
  });
  fc.assert(
    fc.property(sizes, ({ tokens, length, stride }) => {
      let whole = 0;
      while (whole * stride + length <= tokens) whole++;
      expect(windowsIn(tokens, { length, stride, padded: false })).toBe(whole);
      // Padded, another one begins where tokens are left that the ones before do not have.
      let padded = 0;
      while (padded * stride < tokens && (padded === 0 || (padded - 1) * stride + length < tokens)) padded++;
      expect(windowsIn(tokens, { length, stride, padded: true })).toBe(padded);
    }),
    { numRuns: 3000 },
  );
});

test('parts name every token of every window once, in the order of the files', () => {
  const cases = fc.record({
    shards: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 }),
    length: fc.integer({ min: 1, max: 30 }),
    picks: fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
  });
  fc.assert(
    fc.property(cases, ({ shards, length, picks }) => {
      const firstTokens = Float64Array.of(0, ...shards);
      for (let i = 1; i < firstTokens.length; i++) firstTokens[i]! += firstTokens[i - 1]!;
      const tokens = firstTokens.at(-1)!;
      fc.pre(tokens > 0);
      const starts = Float64Array.from(picks, (pick) => pick % tokens).sort();
      const lengths = starts.map((start) => Math.min(length, tokens - start));
      // Backwards, so that the place in the batch is not that in the order of the tokens.
      const positions = Uint32Array.from(starts, (_, i) => starts.length - 1 - i);
      const parts = new WindowParts(firstTokens, length);
      const count = starts.length;
      parts.cut({ starts, lengths, positions, count }, (token) => shardOf(token, firstTokens));

      const found = new Map<number, number>();
      expect([...parts.runShards]).toEqual([...new Set(parts.runShards)].sort((a, b) => a - b));
      parts.runShards.forEach((shard, run) => {
        for (let part = parts.runStarts[run]!; part < parts.runStarts[run + 1]!; part++) {
          const [from, to] = [parts.targets[2 * part]!, parts.targets[2 * part + 1]!];
          const start = parts.starts[part]!;
          expect(to).toBeGreaterThan(from);
          expect(start + to - from).toBeLessThanOrEqual(shards[shard]!);
          if (part > parts.runStarts[run]!) expect(start).toBeGreaterThanOrEqual(parts.starts[part - 1]!);
          for (let i = from; i < to; i++) {
            expect(found.has(i)).toBe(false);
            found.set(i, firstTokens[shard]! + start + i - from);
          }
        }
      });
      const wanted = [...starts].flatMap((start, i) =>
        Array.from({ length: lengths[i]! }, (_, k) => [positions[i]! * length + k, start + k]),
      );
      expect([...found].sort(byTarget)).toEqual(wanted.sort(byTarget));
    }),
    { numRuns: 1500 },
  );
});

const byTarget = (a: number[], b: number[]) => a[0]! - b[0]!;
