import { torchBasics } from '../../rivals/contenders.js';
import type { Scenario } from '../../src/scenario.js';

export default {
  name: 'torch-cpu',
  title: 'CPU of trainer and server together for shuffled 110 KB rows in the page cache',
  data: 'rows-110k',
  temperature: 'warm',
  batchSize: 64,
  shuffle: true,
  contenders: torchBasics,
  reaches: [{ subject: 'zc', than: 'torch-dataloader', measure: 'cpu_s_per_gb_net', factor: 0.2 }],
} satisfies Scenario;
