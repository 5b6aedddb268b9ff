import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'scale-open',
  title: 'a dataset of 100,000 shards and 10^10 samples: opened, a first batch, and an epoch taken up again',
  data: 'rows-64',
  temperature: 'warm',
  consumes: 'nothing',
  batchSize: 64,
  shuffle: true,
  contenders: { zc: { runtime: 'node', module: 'node/many-shards' } },
  reaches: [
    { subject: 'zc', than: 1000, measure: 'open_ms', factor: 1 },
    { subject: 'zc', than: 250, measure: 'open_mb', factor: 1 },
    { subject: 'zc', than: 50, measure: 'first_ms', factor: 1 },
    { subject: 'zc', than: 50, measure: 'restore_ms', factor: 1 },
  ],
  essential: true,
} satisfies Scenario;
