import { choosesWell, memoryLimit, rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'warm-rand-3k',
  title: 'random 3 KB rows that lie in the page cache, gathered into batches',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: { ...rowReaders(), limit: memoryLimit },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.8 },
    { subject: 'zc', than: 'read-reused', measure: 'mb_s', factor: 2.5 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 8 },
    { subject: 'zc-verify', than: 'zc', measure: 'mb_s', factor: 0.7 },
    { subject: 'zc-threads', than: 'zc', measure: 'mb_s', factor: 0.5 },
    ...choosesWell,
  ],
  essential: true,
} satisfies Scenario;
