import { torchLoaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-warm-3k',
  title: 'shuffled 3 KB rows in the page cache, as torch tensors',
  data: 'rows-3k',
  temperature: 'warm',
  batchSize: 256,
  shuffle: true,
  contenders: torchLoaders,
  reaches: [
    { subject: 'zc', than: 'gather', measure: 'mb_s', factor: 1.8 },
    { subject: 'zc', than: 'ffcv', measure: 'mb_s', factor: 1.8 },
    { subject: 'zc', than: 'torch-dataloader', measure: 'mb_s', factor: 10 },
    { subject: 'zc', than: 'torch-dataloader-views', measure: 'mb_s', factor: 5 },
  ],
  essential: true,
} satisfies Scenario;
