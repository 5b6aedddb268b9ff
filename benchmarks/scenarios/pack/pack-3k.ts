import { rowWriters } from '../../rivals/row-writers.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'pack-3k',
  title: '3 KB rows from memory to a published dataset, on the disk when the round ends',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: false,
  outputFolder: true,
  contenders: rowWriters,
  reaches: (['npy', 'tfrecord', 'mds', 'webdataset', 'litdata-2'] as const).map((than) => ({
    subject: 'zc',
    than,
    measure: 'mb_s',
    factor: 2,
  })),
} satisfies Scenario;
