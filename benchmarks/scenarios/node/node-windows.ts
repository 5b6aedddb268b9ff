import { rowReaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

const windows = { length: 1025, stride: 1024 };

export default {
  name: 'node-windows',
  title: 'shuffled windows of 1,025 tokens (uint16) over documents that lie in the page cache',
  data: 'tokens',
  temperature: 'warm',
  // Windows overlap by a token, and the documents of an epoch end where the last whole window does.
  consumes: 'nothing',
  batchSize: 256,
  shuffle: true,
  contenders: {
    zc: { runtime: 'node', module: 'node/zc', params: { windows: { field: 'x', ...windows } } },
    'read-batch': { runtime: 'node', module: 'node/read-windows', params: windows },
    consumer: rowReaders().consumer,
  },
  reaches: [{ subject: 'zc', than: 'read-batch', measure: 'mb_s', factor: 2 }],
} satisfies Scenario;
