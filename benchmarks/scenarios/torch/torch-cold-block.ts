import { diskLimit, torchDataLoader, torchLoader } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-cold-block',
  title: 'the same in blocks of 8 MiB, which a disk reads in sequence',
  data: 'rows-110k-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  contenders: {
    'torch-dataloader': torchDataLoader('items', [0, 1, 2]),
    zc: torchLoader({ page_cache_budget: 2 ** 30, shuffle: { blocks: 8 * 2 ** 20, window: 2048 } }),
    limit: diskLimit({ pattern: 'read', blockBytes: 2 ** 20 }),
  },
  reaches: [
    { subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.9 },
    { subject: 'zc', than: 'torch-dataloader', measure: 'mb_s', factor: 2 },
  ],
} satisfies Scenario;
