import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../tools/testing/temporary-directory.js';
import type { DataSet } from '../src/data.js';
import { TakenSamples } from '../src/taken-samples.js';

function setOfSums(...sums: bigint[]): DataSet {
  const rowSums = join(temporaryDirectory(), 'sums.bin');
  writeFileSync(rowSums, BigUint64Array.from(sums));
  const nowhere = { path: '', offsetBytes: 0 };
  const set = { name: 'test', rowBytes: 0, shards: '', regions: [], labels: nowhere, sum: '' };
  return { ...set, rows: sums.length, rowSums };
}

describe('TakenSamples', () => {
  it('adds up the sums of the samples that came, wrapping', () => {
    const taken = new TakenSamples(3);
    taken.add([2]);
    taken.add(Uint32Array.of(0, 3));
    expect(taken.sum(setOfSums(5n, 7n, 2n ** 64n - 1n, 1n))).toBe(5n);
  });

  it('throws where a sample came twice, or is none of the set', () => {
    const set = setOfSums(1n, 2n);
    for (const ids of [[1, 1], [2]]) {
      const taken = new TakenSamples(2);
      taken.add(ids);
      expect(() => taken.sum(set)).toThrow(/sample [12] of test/);
    }
  });
});
