import { choosesWell, memoryLimit, rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'warm-rand-110k',
  title: 'random 110 KB rows that lie in the page cache, gathered into batches',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: true,
  contenders: { ...rowReaders(), limit: memoryLimit },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.9 },
    { subject: 'zc', than: 'read-fresh', measure: 'mb_s', factor: 3 },
    { subject: 'zc-verify', than: 'zc', measure: 'mb_s', factor: 0.7 },
    { subject: 'zc-threads', than: 'zc', measure: 'mb_s', factor: 0.85 },
    ...choosesWell,
  ],
  essential: true,
} satisfies Scenario;
