import { filePerSample, lmdb, nodeLoaders, tableReaders } from '../../rivals/node-contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'node-warm-3k',
  title: 'shuffled 3 KB rows in the page cache, by what Node programs read with',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: {
    ...nodeLoaders(),
    ...filePerSample,
    'lmdb-fast': lmdb('fast'),
    ...tableReaders,
  },
  reaches: [
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc', than: 'read-fresh', measure: 'cpu_s_per_gb_net', factor: 1 / 3 },
    { subject: 'zc', than: 'lmdb', measure: 'mb_s', factor: 2 },
  ],
  essential: true,
} satisfies Scenario;
