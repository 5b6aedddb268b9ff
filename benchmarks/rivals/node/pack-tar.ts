import { pack } from '@zc/convert';
import type { Consumed, NodeContender, Settings } from '../../src/harness.js';
import { tarOfRows } from './tar-of-rows.js';

let settings: Settings;
let tar: string;

/** Packs a WebDataset tar of the rows; `params.sha256` says whether the manifest tells that of the shards. */
export default {
  async open(given: Settings) {
    settings = given;
    tar = await tarOfRows(given);
  },

  async *epoch(): AsyncGenerator<Consumed> {
    const { rows, rowBytes, sum } = settings.data;
    const sha256 = settings.params.sha256 as boolean;
    const { samples } = await pack({ input: tar, output: settings.output!.path, sha256 });
    if (samples !== rows) throw new Error(`${samples} of ${rows} samples were packed`);
    yield { samples, bytes: samples * (rowBytes + 8), sum: BigInt(sum) };
  },

  async close() {},
} satisfies NodeContender;
