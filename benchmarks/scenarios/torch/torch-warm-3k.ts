import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-warm-3k',
  title: 'shuffled 3 KB rows in the page cache, as torch tensors',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: {
    zc: { runtime: 'python', module: 'python/zc', needs: ['torch'] },
    gather: {
      runtime: 'python',
      module: 'python/torch_dataloader',
      params: { fetch: 'gather', workers: 0 },
      needs: ['torch'],
    },
    'torch-dataloader': {
      runtime: 'python',
      module: 'python/torch_dataloader',
      params: { fetch: 'items', workers: 0 },
      needs: ['torch'],
    },
    'torch-dataloader-views': {
      runtime: 'python',
      module: 'python/torch_dataloader',
      params: { fetch: 'views', workers: 0 },
      needs: ['torch'],
    },
    'torch-dataloader-2': {
      runtime: 'python',
      module: 'python/torch_dataloader',
      params: { fetch: 'items', workers: 2 },
      needs: ['torch'],
    },
    consumer: { runtime: 'python', module: 'python/consumer', needs: ['torch'], yardstick: 'consumer' },
  },
  reaches: [
    { subject: 'zc', than: 'gather', measure: 'mb_s', factor: 1.8 },
    { subject: 'zc', than: 'torch-dataloader', measure: 'mb_s', factor: 10 },
    { subject: 'zc', than: 'torch-dataloader', measure: 'cpu_s_per_gb_net', factor: 0.2 },
  ],
  essential: true,
} satisfies Scenario;
