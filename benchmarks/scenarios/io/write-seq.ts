import type { Contender, Scenario } from '../../src/scenario.js';

const zc: Contender = { runtime: 'node', module: 'node/write', params: { way: 'zc' } };

export default {
  name: 'write-seq',
  title: '110 KB rows from memory into one file, on the disk and under its name when the round ends',
  data: 'rows-110k-cold',
  temperature: 'warm',
  batchSize: 64,
  shuffle: false,
  outputBytes: 10_000 * 112_640,
  contenders: {
    zc,
    'zc-threads': { ...zc, env: { ZC_IO_BACKEND: 'threads' } },
    buffered: { runtime: 'node', module: 'node/write', params: { way: 'buffered' } },
    limit: { runtime: 'node', module: 'node/fio-write', needs: ['fio'], yardstick: 'limit' },
  },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.9 },
    { subject: 'zc', than: 'buffered', measure: 'cpu_s_per_gb', factor: 0.2 },
    { subject: 'zc-threads', than: 'zc', measure: 'mb_s', factor: 0.85 },
  ],
} satisfies Scenario;
