import { choosesWell, diskLimit, rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'cold-rand-110k',
  title: 'random 110 KB rows from a cold disk',
  data: 'rows-110k-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  contenders: { ...rowReaders({ pageCacheBudget: 2 ** 30 }), limit: diskLimit() },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.95 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc', than: 'read-fresh', measure: 'cpu_s_per_gb_net', factor: 0.2 },
    { subject: 'zc-threads', than: 'zc', measure: 'mb_s', factor: 0.85 },
    { subject: 'zc-mapped', than: 'read-fresh', measure: 'mb_s', factor: 2 },
    ...choosesWell,
  ],
  essential: true,
} satisfies Scenario;
