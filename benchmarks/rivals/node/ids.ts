// The order of samples is nothing that users call by itself, so that it is taken from the sources.
import { createSequence, type Sequence } from '../../../packages/loader/src/order/sequence.js';
import type { ShuffleKind } from '../../../packages/loader/src/order/shuffle.js';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { shuffledIds } from './order.js';

/** Ids of an epoch here, from its first third on. */
const IDS = 2 ** 22;
const IDS_AT_ONCE = 4096;

let settings: Settings;
let epochs = 0;

/**
 * The ids of a shuffled epoch, as they are computed for batches; bytes are those of the ids.
 *
 * `params`: `length` of the epoch, and `shuffle` as the loader has it, or `array`, which shuffles one in memory.
 */
export default {
  async open(given: Settings) {
    settings = given;
  },

  *epoch(): Generator<Consumed> {
    const { length, shuffle } = settings.params as { length: number; shuffle: ShuffleKind | 'array' };
    epochs += 1;
    if (shuffle === 'array') {
      const { length: samples, byteLength } = shuffledIds(length, epochs);
      yield { samples, bytes: byteLength, sum: 0n };
      return;
    }
    const order: Sequence = createSequence({ length, bytesPerRow: 3072, shuffle, seed: 7, epoch: epochs });
    const ids = new Float64Array(IDS_AT_ONCE);
    const first = Math.floor(length / 3);
    for (let done = 0; done < IDS; done += IDS_AT_ONCE) {
      order.fill(ids, first + done, IDS_AT_ONCE);
      yield { samples: IDS_AT_ONCE, bytes: ids.byteLength, sum: 0n };
    }
  },

  async close() {},
} satisfies NodeContender;
