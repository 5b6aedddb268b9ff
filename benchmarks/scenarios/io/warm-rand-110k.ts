import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'warm-rand-110k',
  title: 'random 110 KB rows that lie in the page cache, gathered into batches',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: true,
  contenders: {
    zc: { runtime: 'node', module: 'node/zc' },
    'zc-threads': { runtime: 'node', module: 'node/zc', env: { ZC_IO_BACKEND: 'threads' } },
    'zc-verify': { runtime: 'node', module: 'node/zc', params: { verify: 'always' } },
    'read-fresh': { runtime: 'node', module: 'node/read', params: { buffer: 'fresh' } },
    'read-reused': { runtime: 'node', module: 'node/read', params: { buffer: 'reused' } },
    consumer: { runtime: 'node', module: 'node/consumer', yardstick: 'consumer' },
  },
  reaches: [
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc-verify', than: 'zc', measure: 'mb_s', factor: 0.7 },
  ],
  essential: true,
} satisfies Scenario;
