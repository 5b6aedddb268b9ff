import { diskLimit, torchDataLoader, torchLoader } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-cold-full',
  title: 'random 110 KB rows from a cold disk, of a set larger than the budget, as torch tensors',
  data: 'rows-110k-cold',
  temperature: 'cold',
  batchSize: 64,
  shuffle: true,
  contenders: {
    zc: torchLoader({ page_cache_budget: 2 ** 30 }),
    'torch-dataloader': torchDataLoader('items', [0, 1, 2]),
    limit: diskLimit(),
  },
  reaches: [{ subject: 'zc', than: 'limit', measure: 'mb_s', factor: 0.9 }],
  essential: true,
} satisfies Scenario;
