import { choosesWell, diskLimit, rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'cold-seq-1m',
  title: '110 KB rows in order from a cold disk, in extents of 1 MiB',
  data: 'rows-110k-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: false,
  contenders: {
    ...rowReaders({ pageCacheBudget: 2 ** 30 }),
    limit: diskLimit({ pattern: 'read', blockBytes: 2 ** 20 }),
  },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.95 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 1.7 },
    { subject: 'zc', than: 'read-reused', measure: 'mb_s', factor: 1.3 },
    { subject: 'zc', than: 'read-fresh', measure: 'cpu_s_per_gb_net', factor: 1 / 6 },
    { subject: 'zc-threads', than: 'zc', measure: 'mb_s', factor: 0.85 },
    ...choosesWell,
  ],
} satisfies Scenario;
