import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedIds } from '../src/reading/sorted-ids.js';

const shardSamples = fc
  .array(fc.nat(9), { minLength: 1, maxLength: 12 })
  .filter((sizes) => sizes.some((n) => n > 0));

/** Far apart, so that ids and places do not fit into one number together. */
const scales = fc.constantFrom(1, 2 ** 46);

test('ids come sorted, shard by shard, each with its row and its place', () => {
  fc.assert(
    fc.property(
      shardSamples,
      scales,
      fc.array(fc.nat(), { minLength: 1, maxLength: 70 }),
      (sizes, scale, picks) => {
        const samples = sizes.map((size) => size * scale);
        const firstSamples = Float64Array.from([0, ...samples.map((_, i) => sum(samples.slice(0, i + 1)))]);
        const ids = Float64Array.from(picks, (pick) => pick % firstSamples.at(-1)!);
        const sorted = new SortedIds(firstSamples);
        sorted.sort(ids);

        const { rows, positions, runShards, runStarts } = sorted;
        const back = new Float64Array(ids.length).fill(-1);
        expect(runStarts).toHaveLength(runShards.length + 1);
        expect(runStarts.at(-1)).toBe(ids.length);
        runShards.forEach((shard, run) => {
          for (let i = runStarts[run]!; i < runStarts[run + 1]!; i++) {
            expect(rows[i]).toBeLessThan(samples[shard]!);
            if (i > runStarts[run]!) expect(rows[i]).toBeGreaterThanOrEqual(rows[i - 1]!);
            back[positions[i]!] = firstSamples[shard]! + rows[i]!;
          }
        });
        expect(back).toEqual(ids);
        expect(runShards).toEqual([...new Set(runShards)].sort((a, b) => a - b));
      },
    ),
  );
});

test('one after the other, of any lengths', () => {
  const sorted = new SortedIds(Float64Array.of(0, 10, 20));
  sorted.sort(Float64Array.of(15, 3, 12, 4, 19));
  sorted.sort(Float64Array.of(11));
  expect([sorted.runShards, sorted.runStarts]).toEqual([[1], [0, 1]]);
  sorted.sort(Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  expect([sorted.runShards, sorted.runStarts]).toEqual([
    [0, 1],
    [0, 10, 11],
  ]);
});

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
