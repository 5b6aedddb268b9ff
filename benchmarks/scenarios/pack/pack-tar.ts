import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'pack-tar',
  title: 'a WebDataset tar of 110 KB rows, in the page cache, to a published dataset on the disk',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: false,
  outputFolder: true,
  contenders: {
    zc: { runtime: 'node', module: 'node/pack-tar', params: { sha256: true } },
    'zc-nosha': { runtime: 'node', module: 'node/pack-tar', params: { sha256: false } },
    limit: { runtime: 'node', module: 'node/fio-copy', needs: ['fio'], yardstick: 'limit' },
  },
  reaches: [{ subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.6 }],
  essential: true,
} satisfies Scenario;
