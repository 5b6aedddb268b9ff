import { filePerSample, lmdb, nodeLoaders } from '../../rivals/node-contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'node-cold-110k',
  title: 'shuffled 110 KB rows from a cold disk, by what Node programs read with',
  data: 'rows-110k-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  contenders: {
    ...nodeLoaders({ pageCacheBudget: 2 ** 30 }),
    ...filePerSample,
    'lmdb-many': lmdb('many'),
  },
  reaches: [
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc', than: 'read-fresh', measure: 'cpu_s_per_gb_net', factor: 1 / 3 },
    { subject: 'zc', than: 'fs-promises', measure: 'mb_s', factor: 1.5 },
  ],
} satisfies Scenario;
