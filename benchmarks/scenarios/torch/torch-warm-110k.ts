import { torchLoaders } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-warm-110k',
  title: 'shuffled 110 KB rows in the page cache, as torch tensors',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: true,
  contenders: torchLoaders,
  reaches: [
    { subject: 'zc', than: 'gather', measure: 'mb_s', factor: 1.5 },
    { subject: 'zc', than: 'ffcv', measure: 'mb_s', factor: 1.6 },
    { subject: 'zc', than: 'torch-dataloader', measure: 'mb_s', factor: 7 },
  ],
  essential: true,
} satisfies Scenario;
