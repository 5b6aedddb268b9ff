import { choosesWell, rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'mixed-rand-110k',
  title: 'random 110 KB rows, half of which lie in the page cache',
  data: 'rows-110k-cold',
  temperature: 'half',
  batchSize: 64,
  shuffle: true,
  contenders: rowReaders({ pageCacheBudget: 2 ** 30 }),
  reaches: [
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc-threads', than: 'zc', measure: 'mb_s', factor: 0.85 },
    ...choosesWell,
  ],
} satisfies Scenario;
