import { sum64 } from '@zc/io';
import type { NodeContender, Settings } from '../../src/harness.js';
import { quantile } from '../../src/statistics.js';
import { idsOf } from './order.js';

/** One sample at a time, whichever way it is read. */
export interface Getter {
  /** A row and its label; the row's bytes may be those of the next one when that is asked for. */
  get(id: number): { row: Uint8Array; label: bigint };
  close(): Promise<void> | void;
}

/** Calls whose times are kept: the last of a round's. */
const CALLS_MAX = 2 ** 18;

/**
 * A contender that asks for samples by their ids, one after another, in random order.
 *
 * Its figures: what a call takes (`get`), and what it takes until every byte of the row was summed (`used`), which
 * is where a view pays for what a copy paid before; half of the time, and at the 99th of a hundred.
 */
export function timedGets(
  open: (settings: Settings) => Promise<Getter>,
  prepare?: NodeContender['prepare'],
): NodeContender {
  const [got, used] = [new Float64Array(CALLS_MAX), new Float64Array(CALLS_MAX)];
  let [calls, epochs] = [0, 0];
  let settings: Settings;
  let getter: Getter;
  return {
    ...(prepare && { prepare }),

    async open(given) {
      settings = given;
      getter = await open(given);
    },

    *epoch() {
      const { batchSize } = settings;
      epochs += 1;
      const order = idsOf(settings, epochs);
      for (let start = 0; start < order.length; start += batchSize) {
        const ids = order.subarray(start, start + batchSize);
        let bytes = ids.length * 8;
        let sum = 0n;
        for (const id of ids) {
          const asked = performance.now();
          const { row, label } = getter.get(id);
          const there = performance.now();
          sum += sum64(row) + label;
          used[calls % CALLS_MAX] = performance.now() - asked;
          got[calls % CALLS_MAX] = there - asked;
          calls += 1;
          bytes += row.length;
        }
        yield { samples: ids.length, bytes, sum, ids };
      }
    },

    figures() {
      const times = (of: Float64Array) => Array.from(of.subarray(0, Math.min(calls, CALLS_MAX)));
      const [gets, uses] = [times(got), times(used)];
      calls = 0;
      const us = (values: readonly number[], q: number) => quantile(values, q) * 1000;
      return {
        get_p50_us: us(gets, 0.5),
        get_p99_us: us(gets, 0.99),
        used_p50_us: us(uses, 0.5),
        used_p99_us: us(uses, 0.99),
      };
    },

    async close() {
      await getter.close();
    },
  };
}
