import { choosesWell, diskLimit, rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'cold-rand-3k',
  title: 'random 3 KB rows from a cold disk',
  data: 'rows-3k-cold',
  temperature: 'cold',
  batchSize: 256,
  shuffle: true,
  // One read() at a time needs a minute and a half for all 700,000.
  samples: 400 * 256,
  contenders: {
    ...rowReaders({ pageCacheBudget: 2 ** 30 }),
    limit: diskLimit({ depths: [32, 64, 128, 256] }),
  },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'samples_s', factor: 0.9 },
    { subject: 'zc', than: 'read-fresh', measure: 'samples_s', factor: 4 },
    { subject: 'zc-threads', than: 'zc', measure: 'samples_s', factor: 0.5 },
    ...choosesWell,
  ],
} satisfies Scenario;
