import type { Contender, Scenario } from '../../src/scenario.js';

const blocks = { blocks: 2 ** 20, window: 2 ** 15 };
const ids = (length: number, shuffle: unknown): Contender => ({
  runtime: 'node',
  module: 'node/ids',
  params: { length, shuffle },
});

export default {
  name: 'scale-ids',
  title:
    'ids of shuffled epochs of 2^32 and 10^12 samples, beside an array of 2^22 that is shuffled in memory',
  data: 'rows-64',
  temperature: 'warm',
  consumes: 'nothing',
  batchSize: 4096,
  shuffle: true,
  contenders: {
    zc: ids(2 ** 32, true),
    'zc-1e12': ids(1e12, true),
    'zc-blocks': ids(2 ** 32, blocks),
    'zc-blocks-1e12': ids(1e12, blocks),
    array: ids(2 ** 22, 'array'),
  },
  reaches: [
    { subject: 'zc', than: 15e6, measure: 'samples_s', factor: 1 },
    { subject: 'zc-1e12', than: 5e6, measure: 'samples_s', factor: 1 },
    { subject: 'zc-blocks', than: 15e6, measure: 'samples_s', factor: 1 },
    { subject: 'zc-blocks-1e12', than: 5e6, measure: 'samples_s', factor: 1 },
  ],
} satisfies Scenario;
