import type { Contender, Scenario } from '../../src/scenario.js';

const withBatchesOf = (batchSize: number): Contender => ({
  runtime: 'python',
  module: 'python/zc_next',
  params: { batchSize },
  needs: ['torch'],
});

export default {
  name: 'torch-next',
  title: 'time in next() for a batch that is ready, of 0.4, 7 and 29 MB',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: true,
  contenders: { zc: withBatchesOf(64), 'zc-4': withBatchesOf(4), 'zc-256': withBatchesOf(256) },
  reaches: ['zc', 'zc-4', 'zc-256'].map((subject) => ({ subject, than: 50, measure: 'next_us', factor: 1 })),
} satisfies Scenario;
