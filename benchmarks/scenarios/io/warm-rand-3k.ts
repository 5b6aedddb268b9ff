import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'warm-rand-3k',
  title: 'random 3 KB rows that lie in the page cache, gathered into batches',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
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
    { subject: 'zc', than: 'read-reused', measure: 'mb_s', factor: 2.5 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 8 },
    { subject: 'zc-verify', than: 'zc', measure: 'mb_s', factor: 0.7 },
  ],
  essential: true,
} satisfies Scenario;
