import { lmdb, nodeLoaders, tableReaders } from '../../rivals/node-contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'node-tokens',
  title: 'shuffled documents of 64 to 2,048 tokens (uint16) in the page cache',
  data: 'tokens',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: { ...nodeLoaders(), 'lmdb-fast': lmdb('fast'), ...tableReaders },
  reaches: [
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc', than: 'read-fresh', measure: 'cpu_s_per_gb_net', factor: 1 / 3 },
    { subject: 'zc', than: 'lmdb', measure: 'mb_s', factor: 2 },
  ],
} satisfies Scenario;
