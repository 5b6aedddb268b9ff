import { choosesWell, rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'cold-rand-110k-fits',
  title: 'random 110 KB rows from a cold disk, twice, where the page cache has room for them',
  data: 'rows-110k-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  epochs: 2,
  contenders: rowReaders({ pageCacheBudget: 4 * 2 ** 30 }),
  reaches: [
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc-threads', than: 'zc', measure: 'mb_s', factor: 0.85 },
    ...choosesWell,
  ],
} satisfies Scenario;
