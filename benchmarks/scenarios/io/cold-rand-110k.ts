import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'cold-rand-110k',
  title: 'random 110 KB rows from a cold disk',
  data: 'rows-110k-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  contenders: {
    zc: { runtime: 'node', module: 'node/zc' },
    'zc-direct': { runtime: 'node', module: 'node/zc', params: { mode: 'direct' } },
    'zc-threads': { runtime: 'node', module: 'node/zc', env: { ZC_IO_BACKEND: 'threads' } },
    'read-fresh': { runtime: 'node', module: 'node/read', params: { buffer: 'fresh' } },
    'read-reused': { runtime: 'node', module: 'node/read', params: { buffer: 'reused' } },
    limit: { runtime: 'node', module: 'node/fio', params: { depth: 32 }, needs: ['fio'], yardstick: 'limit' },
    consumer: { runtime: 'node', module: 'node/consumer', yardstick: 'consumer' },
  },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.95 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc', than: 'read-fresh', measure: 'cpu_s_per_gb_net', factor: 0.2 },
  ],
  essential: true,
} satisfies Scenario;
