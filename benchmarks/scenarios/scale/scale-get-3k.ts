import { getters } from '../../rivals/node-contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'scale-get-3k',
  title: 'one random 3 KB row at a time from the page cache: how long a call takes',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: getters,
  reaches: [
    { subject: 'zc', than: 'read-fresh', measure: 'get_p50_us', factor: 1 / 3 },
    { subject: 'zc', than: 'read-fresh', measure: 'used_p50_us', factor: 1 / 2 },
    { subject: 'zc', than: 'read-fresh', measure: 'used_p99_us', factor: 1 },
  ],
} satisfies Scenario;
