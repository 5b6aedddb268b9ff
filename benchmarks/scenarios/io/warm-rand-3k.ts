import { warmReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'warm-rand-3k',
  title: 'random 3 KB rows that lie in the page cache, gathered into batches',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: warmReaders,
  reaches: [
    { subject: 'zc', than: 'read-reused', measure: 'mb_s', factor: 2.5 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 8 },
    { subject: 'zc-verify', than: 'zc', measure: 'mb_s', factor: 0.7 },
  ],
  essential: true,
} satisfies Scenario;
