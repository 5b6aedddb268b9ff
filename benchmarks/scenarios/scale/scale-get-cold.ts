import { getters } from '../../rivals/node-contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'scale-get-cold',
  title: 'one random 110 KB row at a time from a cold disk: how long a call takes',
  data: 'rows-110k-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  samples: 40 * 64,
  contenders: getters,
  reaches: [
    { subject: 'zc', than: 'read-fresh', measure: 'used_p50_us', factor: 1 },
    { subject: 'zc', than: 'read-fresh', measure: 'used_p99_us', factor: 1 },
  ],
} satisfies Scenario;
