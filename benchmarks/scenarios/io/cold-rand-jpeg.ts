import { choosesWell, diskLimit, rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'cold-rand-jpeg',
  title: 'random rows of 20 to 200 KB, as photographs are, from a cold disk',
  data: 'rows-jpeg-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  contenders: { ...rowReaders({ pageCacheBudget: 2 ** 30 }), limit: diskLimit() },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.9 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc-threads', than: 'zc', measure: 'mb_s', factor: 0.85 },
    ...choosesWell,
  ],
} satisfies Scenario;
