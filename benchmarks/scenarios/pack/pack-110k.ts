import { beatsWriters, rowWriters } from '../../rivals/row-writers.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'pack-110k',
  title: '110 KB rows from memory to a published dataset, on the disk when the round ends',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: false,
  outputFolder: true,
  contenders: rowWriters,
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.6 },
    { subject: 'zc-nosha', than: 'limit', measure: 'mb_s', factor: 0.8 },
    ...beatsWriters,
  ],
} satisfies Scenario;
